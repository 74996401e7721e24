using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Cli.Embedded;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Cli.Demo;

/// <summary>
/// The whole product in a minute: starts a cluster of its own in a temporary folder, writes a table, aggregates it, checks the
/// result, and takes everything away again, whatever happens in between.
/// </summary>
internal sealed class DemoRun(Session session, long rows, int workers, bool keep)
{
    private const string TableName = "expression.csv";
    private const int RowsOnScreen = 10;
    private const int PartitionsWanted = 24;
    private const int CleanUpAttempts = 20;
    private static readonly TimeSpan CleanUpPause = TimeSpan.FromMilliseconds(500);

    private readonly ExpressionTable table = new();
    private bool failed;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = MakeFolder();
        try
        {
            return await RunInAsync(folder, cancellationToken);
        }
        catch (EmbeddedClusterException failure)
        {
            // Where its message names the logs, they stay.
            failed = failure.NamesLogs;
            throw;
        }
        finally
        {
            await CleanUpAsync(folder);
        }
    }

    // The system's own words name no path.
    private static string MakeFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("orleans-cluster-demo-").FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var folder = Path.GetTempPath();
            var why = Directory.Exists(folder) ? FolderFaults.Why(folder, e) : "there is no such folder";
            throw new EmbeddedClusterException(
                $"The demo cannot make a folder in {folder}: {why}. Set the variable TMPDIR to a folder that you may write in.");
        }
    }

    private async Task<int> RunInAsync(string folder, CancellationToken cancellationToken)
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        session.Note(
            $"Starting an embedded cluster with {workers} worker process{(workers == 1 ? "" : "es")}, and writing {rows:N0} "
            + "rows ...");
        var starting = EmbeddedCluster.StartAsync(
            new EmbeddedClusterSettings
            {
                StateDirectory = Path.Combine(folder, "state"),
                StateRemedy = "set the variable TMPDIR to another folder",
                DataRoot = data,
                Workers = workers,
                DashboardPort = 0,
                OnWait = session.Note,
            },
            cancellationToken);
        using var noMore = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (bytes, cluster) = await BothAsync(
            Task.Run(() => table.Write(Path.Combine(data, TableName), rows, progress: null, noMore.Token), noMore.Token),
            starting, noMore);
        await using (cluster)
        {
            session.Note(
                $"Cluster ready at {cluster.Address} (process {cluster.ProcessId}); {TableName} has {Quantities.Bytes(bytes)}.");
            return await AggregateAsync(cluster, bytes, cancellationToken);
        }
    }

    private async Task<int> AggregateAsync(EmbeddedCluster cluster, long bytes, CancellationToken cancellationToken)
    {
        var jobs = cluster.Connection.Jobs;
        var submitted = await jobs.SubmitAsync(Job(bytes), cancellationToken: cancellationToken);
        var status = await new JobFollower(session.Console, TimeProvider.System)
            .FollowAsync(jobs.WatchAsync(submitted.Id, cancellationToken));
        if (status.Phase != JobPhase.Succeeded)
        {
            JobViews.WriteEnd(session.Console, status);
            return JobWatch.ExitCode(status.Phase) is var code and not ExitCodes.Done ? code : ExitCodes.Failed;
        }

        var result = await jobs.GetResultAsync(status.Id, cancellationToken: cancellationToken);
        return Report(status, result, bytes);
    }

    private int Report(JobStatus status, ResultRows result, long bytes)
    {
        var difference = DemoCheck.FindDifference(result, table.Sums);
        var took = status.FinishedAt!.Value - status.CreatedAt;
        if (session.Json)
        {
            session.WriteJson(
                new { status, rows, bytes, seconds = took.TotalSeconds, rowsPerSecond = rows / took.TotalSeconds, difference });
        }
        else
        {
            JobViews.WriteRows(session.Console, result with { Rows = [.. result.Rows.Take(RowsOnScreen)], TotalRows = 0 });
            session.Console.Prose.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{rows:N0} rows ({Quantities.Bytes(bytes)}) into {result.TotalRows} groups in {Quantities.Duration(took)}: "
                + $"{Quantities.Count(rows / took.TotalSeconds)} rows/s, {Quantities.Bytes(bytes / took.TotalSeconds)}/s, "
                + $"{status.Progress.Partitions.Total} partitions"));
            session.Console.Prose.WriteLine(difference is null
                ? "Every group equals the sums kept while the table was written."
                : $"WRONG: {difference}");
            session.Note($"Next: {Session.ToolName} up (a cluster that stays, with a console in the browser)");
        }

        return difference is null ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static JobSpec Job(long bytes) => new()
    {
        Name = "expression by gene and tissue",
        Operation = OperationKind.Aggregate,
        Priority = JobPriority.High,
        Source = new SourceSpec { Path = [TableName] },
        Parameters = JsonSerializer.SerializeToElement(
            new AggregateParameters
            {
                GroupBy = ["gene", "tissue"],
                Aggregates =
                [
                    new AggregateSpec { Function = "count", As = "samples" },
                    new AggregateSpec { Function = "sum", Column = "count", As = "reads" },
                    new AggregateSpec { Function = "avg", Column = "tpm", As = "mean_tpm" },
                ],
                OrderBy = [new OrderSpec { Column = "mean_tpm", Descending = true }],
            },
            WireJson.Options),
        Partitioning = new PartitioningSpec { TargetBytes = Math.Max(1 << 20, bytes / PartitionsWanted) },
    };

    /// <summary>
    /// Both results; when either fails, what the cluster's start made is taken down before the failure goes on.
    /// </summary>
    private static async Task<(long Bytes, EmbeddedCluster Cluster)> BothAsync(
        Task<long> writing, Task<EmbeddedCluster> starting, CancellationTokenSource noMore)
    {
        try
        {
            if (await Task.WhenAny(writing, starting) == starting && !starting.IsCompletedSuccessfully)
            {
                // A start that is refused needs no table.
                await noMore.CancelAsync();
                await Task.WhenAny(writing);
                await starting;
            }

            await Task.WhenAll(writing, starting);
            return (await writing, await starting);
        }
        catch
        {
            if (starting.IsCompletedSuccessfully)
            {
                await (await starting).DisposeAsync();
            }

            throw;
        }
    }

    private async Task CleanUpAsync(string folder)
    {
        if (keep || failed)
        {
            session.Note($"Kept: {folder}");
            return;
        }

        // Workers of a gateway that crashed end by themselves within seconds, and may write until then.
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (attempt < CleanUpAttempts)
            {
                await Task.Delay(CleanUpPause);
            }
        }
    }
}
