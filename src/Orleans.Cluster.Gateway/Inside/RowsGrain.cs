using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Jobs;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.InsideContracts;

namespace Orleans.Cluster.Gateway.Inside;

/// <inheritdoc cref="IRowsGrain"/>
[CollectionAgeLimit(Minutes = 2)]
internal sealed class RowsGrain(IResultReader results) : Grain, IRowsGrain
{
    private readonly CancellationTokenSource gone = new();
    private Task<RowsFile>? writing;
    private SafeFileHandle? file;

    public async Task<RowsHead?> Open(RowsRequest request)
    {
        var rows = writing ??= Write(request);
        if (await Task.WhenAny(rows, Task.Delay(InsideLimits.PollHold)) != rows)
        {
            return null;
        }

        try
        {
            var written = await rows;
            file ??= written.Stored?.SafeFileHandle ?? File.OpenHandle(written.Path);
            return new RowsHead(RandomAccess.GetLength(file), written.Rows.TotalRows);
        }
        catch (Exception e) when (e is not ClusterException)
        {
            // The next question tries anew; what failed may have been the database.
            writing = null;
            throw new ClusterException(Problems.Of(e));
        }
    }

    public async Task<byte[]?> Read(long position)
    {
        if (file is null)
        {
            return null;
        }

        var left = RandomAccess.GetLength(file) - position;
        var piece = new byte[Math.Clamp(left, 0, InsideLimits.PieceBytes)];
        var read = 0;
        while (read < piece.Length
            && await RandomAccess.ReadAsync(file, piece.AsMemory(read), position + read) is > 0 and var more)
        {
            read += more;
        }

        return piece[..read];
    }

    public Task Close()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await gone.CancelAsync();
        file?.Dispose();
        if (writing is not null)
        {
            // What is still being written ends soon, and its file goes then.
            await ((Task)writing)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (writing.IsCompletedSuccessfully)
            {
                (await writing).Dispose();
            }
        }

        gone.Dispose();
    }

    private async Task<RowsFile> Write(RowsRequest request)
    {
        var rows = await Begin(request);
        try
        {
            await rows.Written;
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    private Task<RowsFile> Begin(RowsRequest request)
    {
        var page = RowsPage.Read(JobRequestsGrain.Parsed(request.Query), () => request.Format, hasTables: !request.Quarantine);
        return request.Quarantine
            ? results.ReadQuarantine(request.Job, page.Format, page.Offset, page.Limit, gone.Token)
            : results.Read(request.Job, page.Table, page.Format, page.Offset, page.Limit, gone.Token);
    }
}
