using System.Diagnostics;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Runs one attempt: stage and check the inputs, run the query in a fresh instance that sees nothing else, write and sync the rows, count
/// everything. Writes only in the attempt's folder and its scratch.
/// </summary>
internal sealed class TaskExecutor(StagingArea staging)
{
    // {job}/{stage}/{partition}/{attempt}: so many folders hold a name that may be new.
    private const int LevelsBelowStore = 4;

    // A partition whose rows are worse than that is not worth reading over and over.
    private const int MaxQuarantineRounds = 20;

    /// <summary>Runs to the end; a failure is a value, and leaves no file.</summary>
    public TaskOutcome Run(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken)
    {
        using var sources = OpenSources.Begin();
        try
        {
            Reset(task.AttemptFolder);
            Directory.CreateDirectory(task.ScratchFolder);
            var manifest = task.Kind == TaskKind.Rechunk
                ? Rechunker.Run(task, progress, cancellationToken)
                : Execute(task, progress, cancellationToken);
            SyncFolders(task.AttemptFolder);
            return new TaskOutcome(manifest, null);
        }
        catch (Exception exception)
        {
            // The edge of the engine: whatever happened becomes the attempt's failure.
            Remove(task.AttemptFolder);
            return new TaskOutcome(null, DuckDbErrors.ToFailure(exception));
        }
        finally
        {
            Remove(task.ScratchFolder);
        }
    }

    // A commit promises that the files are there after a power cut: so are their names then, and the way to them.
    private static void SyncFolders(string attemptFolder)
    {
        foreach (var folder in Directory.EnumerateDirectories(attemptFolder, "*", SearchOption.AllDirectories))
        {
            Posix.SyncFolder(folder);
        }

        Posix.SyncFolders(attemptFolder, LevelsBelowStore);
    }

    private TaskManifest Execute(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        using var meter = new ProgressMeter(task, progress);
        using var inputs = TaskInputs.Prepare(task, staging, meter, cancellationToken);
        var quarantine = new Quarantine(task.AttemptFolder);
        if (task.OnBadRow == BadRowPolicy.Quarantine)
        {
            // Before any row is read, so that all scans leave out the same.
            CastFinder.Find(inputs, cancellationToken);
        }

        for (var round = 0; ; round++)
        {
            if (RefusedRecords.Find(inputs, cancellationToken) is { Count: > 0 } refused)
            {
                SetAside(refused, task, quarantine, null, cancellationToken);
            }

            try
            {
                var (files, columns, writer) = RunQuery(task, inputs, meter, cancellationToken);
                RowAccounting.CheckQuarantine(inputs, quarantine.Count);
                quarantine.Add(inputs.TextTables.SelectMany(table => table.Bad));
                var aside = quarantine.Write();
                return new TaskManifest
                {
                    RowsIn = inputs.RowsIn + task.Inputs.Sum(input => input.Exchange?.Files.Sum(file => file.Rows) ?? 0),
                    BytesIn = meter.TotalBytes,
                    RowsOut = files.Sum(file => file.Rows),
                    QuarantinedRows = quarantine.Count,
                    Files = aside is null ? files : [.. files, aside],
                    Columns = columns,
                    Cost = new TaskCost(
                        (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds, meter.PeakMemoryBytes, writer.SpilledBytes, watch.Elapsed.TotalSeconds,
                        inputs.StagedDiskBytes, writer.Operators),
                };
            }
            catch (DuckDBException) when (inputs.ScanFailure is not null)
            {
                inputs.ScanFailure!.Throw();
            }
            catch (DuckDBException exception) when (DuckDbErrors.MayBeBadRow(exception))
            {
                if (CastFinder.Find(inputs, cancellationToken))
                {
                    OutputWriter.Clear(task.AttemptFolder);
                    continue;
                }

                var bad = BadRowFinder.Find(task, inputs, cancellationToken);
                if (bad.Count == 0)
                {
                    throw (Exception?)UnreadableParquet.Find(inputs, exception, cancellationToken) ?? exception;
                }

                SetAside(bad, round == MaxQuarantineRounds ? task with { OnBadRow = BadRowPolicy.Fail } : task, quarantine, exception, cancellationToken);
                OutputWriter.Clear(task.AttemptFolder);
            }
        }
    }

    // Their tables are staged again without them.
    private static void SetAside(IReadOnlyList<StagedBadRow> bad, TaskSpec task, Quarantine quarantine, Exception? cause, CancellationToken cancellationToken)
    {
        if (task.OnBadRow == BadRowPolicy.Fail)
        {
            throw new EngineException(new AttemptFailure(FailureKind.BadData, bad[0].Row.Describe(), ProblemCode.BadRow.Word), cause);
        }

        quarantine.Add(bad.Select(row => row.Row));
        foreach (var group in bad.GroupBy(row => row.Table))
        {
            group.Key.Skip(group.Select(row => row.Record));
            group.Key.Stage(static _ => { }, cancellationToken);
        }
    }

    private static (IReadOnlyList<ArtifactFile> Files, IReadOnlyList<ColumnSchema> Columns, OutputWriter Writer) RunQuery(
        TaskSpec task, TaskInputs inputs, ProgressMeter meter, CancellationToken cancellationToken)
    {
        using var session = DuckDbSession.Open(new SessionOptions(
            task.Threads,
            inputs.EngineMemoryBytes,
            task.ScratchFolder,
            task.ScratchBytes is null ? null : inputs.ScratchBytesLeft,
            [task.AttemptFolder, task.ScratchFolder],
            inputs.Files));
        session.Execute($"CREATE MACRO {TaskSpec.PartitionFunction}() AS CAST({task.Attempt.Task.Partition} AS BIGINT)", cancellationToken);
        foreach (var table in inputs.TextTables)
        {
            session.Register(table);
        }

        foreach (var sequence in Recursion.IsIn(task.Query) ? Recursion.CreateSequences : [])
        {
            session.Execute(sequence, cancellationToken);
        }

        foreach (var declaration in inputs.Declarations())
        {
            session.Execute(declaration, cancellationToken);
        }

        if (task.KeyColumns is { } keys)
        {
            task = task with { Query = KeyColumnsQuery.Expand(task.Query, keys, session, cancellationToken) };
        }

        using var following = meter.Follow(session);
        var writer = new OutputWriter(session, task, inputs, cancellationToken);
        var (files, columns) = writer.Write();
        return (files, columns, writer);
    }

    private static void Reset(string folder)
    {
        Remove(folder);
        Directory.CreateDirectory(folder);
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
