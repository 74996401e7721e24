using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>Rows of results: from the artifacts of the last stage, or from the output folder that the job was given.</summary>
internal sealed class ResultReader(
    IJobStore jobs, ICheckpointStore checkpoints, IPlanningEngine engine, StoredResults results, StoredFiles stored,
    SourceRules rules, ClusterPaths paths) : IResultReader
{
    private const int ParallelExports = 2;
    private const int OpenPerCaller = 32;
    private const long BeganBytes = 1 << 20;
    private const int CopyBytes = 1 << 20;

    private static readonly TimeSpan BeginPause = TimeSpan.FromMilliseconds(20);

    private static readonly ColumnSchema[] QuarantineColumns =
    [
        new("file", "VARCHAR"), new("line", "BIGINT"), new("byteOffset", "BIGINT"), new("column", "VARCHAR"),
        new("value", "VARCHAR"),
        new("expectedType", "VARCHAR"), new("reason", "VARCHAR"), new("raw", "VARCHAR"),
    ];

    // Each export has memory of its own in the engine's process; who comes later waits for one that ends. A caller's large ones
    // leave a place to the others.
    private readonly CallerTurns exports = new(ParallelExports, ParallelExports - 1);

    // A file goes when its reader has it all, which a slow one puts off for as long as it likes: so many of one caller take room.
    private readonly CallerShare open = new(OpenPerCaller);

    public async Task<RowsFile> Read(
        JobId job, string? table, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        var stored = table is null
            ? await results.Find(job, cancellationToken)
            : await results.FindTable(job, table, cancellationToken);
        return await Export(Request(stored, stored.Files, format) with { Offset = offset, Limit = limit }, cancellationToken);
    }

    public async Task<ResultParts> ListParts(JobId job, CancellationToken cancellationToken)
    {
        var stored = await results.Find(job, cancellationToken);
        return new ResultParts(
            [.. stored.Files.Select((file, index) => new ResultPart(index, file.Rows, file.Bytes, file.Sha256))]);
    }

    public async Task<RowsFile> ReadPart(JobId job, int index, ExportFormat format, CancellationToken cancellationToken)
    {
        var stored = await results.Find(job, cancellationToken);
        if (index < 0 || index >= stored.Files.Count)
        {
            throw new ClusterException(
                Contracts.ProblemCode.NotFound,
                $"The result of job {job} has {stored.Files.Count} {(stored.Files.Count == 1 ? "part" : "parts")}, "
                + $"and none with the number {index}.",
                "GET /result/parts lists them.");
        }

        return await Export(Request(stored, [stored.Files[index]], format), cancellationToken);
    }

    public async Task<RowsFile> ReadQuarantine(
        JobId job, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        if (await jobs.Find(job, cancellationToken) is null)
        {
            throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {job}.");
        }

        var partitions = await checkpoints.List(job, null, cancellationToken);
        var files = results.Artifacts(partitions, file => file.IsQuarantine);
        return await Export(
            new(files, OutputFormat.Parquet, QuarantineColumns, offset, limit, format, NewScratchFile()), cancellationToken);
    }

    private ExportRequest Request(StoredResult stored, IReadOnlyList<ArtifactRef> files, ExportFormat format) =>
        new(files, stored.Format, stored.Columns, 0, null, format, NewScratchFile())
        {
            FolderColumns = stored.FolderColumns,
        };

    private async Task<RowsFile> Export(ExportRequest request, CancellationToken cancellationToken)
    {
        if (request is { Format: ExportFormat.Parquet, SourceFormat: OutputFormat.Parquet, FolderColumns: [], Offset: 0,
            Files: [var only] }
            && !(request.Limit < only.Rows))
        {
            var all = new ExportedRows(only.Rows, only.Rows);
            return ObjectGrant.IsObject(only.Path)
                ? await Begin(all, request.TargetPath, token => Bring(only.Path, request.TargetPath, token), cancellationToken)
                : new RowsFile(OpenStored(only.Path), all);
        }

        return await Begin(
            request.CountRows(), request.TargetPath, token => engine.Export(request, token), cancellationToken);
    }

    // What is brought from a store takes as much of the disk as what is written here.
    private async Task<RowsFile> Begin(
        ExportedRows page, string target, Func<CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var share = open.TryTake(AskedBy.Current) ?? throw new ClusterException(
            Contracts.ProblemCode.RateLimited,
            $"{OpenPerCaller} results of this caller are being read, and a caller may read so many at a time.",
            "Read those to their end first.");
        var rows = await Open(page, target, write, share, cancellationToken);
        await Begin(rows);
        if (rows.Written.IsFaulted || rows.Written.IsCanceled)
        {
            using (rows)
            {
                await rows.Written;
            }
        }

        return rows;
    }

    private async Task<RowsFile> Open(
        ExportedRows page, string target, Func<CancellationToken, Task> write, IDisposable share,
        CancellationToken cancellationToken)
    {
        try
        {
            var turn = await exports.Enter(AskedBy.Current, cancellationToken);
            var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            return new RowsFile(target, page, Write(write, turn, writing.Token), writing, share);
        }
        catch
        {
            share.Dispose();
            throw;
        }
    }

    private static async Task Write(Func<CancellationToken, Task> write, IDisposable turn, CancellationToken cancellationToken)
    {
        using (turn)
        {
            await write(cancellationToken);
        }
    }

    // As it was stored, byte for byte: its hash was told.
    private async Task Bring(string address, string target, CancellationToken cancellationToken)
    {
        try
        {
            await using var source = await stored.Open(address, cancellationToken) ?? throw Removed(address);
            await using var file = new FileStream(
                target, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
            await source.CopyToAsync(file, CopyBytes, cancellationToken);
        }
        catch (ObjectStoreException fault)
        {
            throw fault.ToUnavailable();
        }
    }

    private static ClusterException Removed(string path) =>
        new(Contracts.ProblemCode.ResultExpired, $"{path} has been removed.", "Submit the job again.");

    // What fails at its first rows has an answer that says so; a client of many rows gets the first while the last are still
    // written.
    private static async Task Begin(RowsFile rows)
    {
        while (!rows.Written.IsCompleted && !(File.Exists(rows.Path) && new FileInfo(rows.Path).Length >= BeganBytes))
        {
            await Task.WhenAny(rows.Written, Task.Delay(BeginPause));
        }
    }

    // An output lies where others write: what is handed out is the file that was looked at.
    private FileStream OpenStored(string path)
    {
        var file = Descriptors.TryOpenFile(path, followLink: true)
            ?? throw Removed(path);
        if (rules.IsOwn(path) || !OperatingSystem.IsLinux()
            || rules.WhyNot(Descriptors.RealPath(file.SafeFileHandle)) is not { } why)
        {
            return file;
        }

        file.Dispose();
        throw new ClusterException(
            Contracts.ProblemCode.PathNotAllowed, $"{path} was exchanged for a link: the file that it leads to {why}.");
    }

    private string NewScratchFile()
    {
        var folder = Directory.CreateDirectory(Path.Combine(paths.Scratch, "results"));
        return Path.Combine(folder.FullName, $"{Guid.NewGuid():N}");
    }
}
