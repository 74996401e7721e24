using System.Diagnostics;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Runs one attempt: stage and check the inputs, run the query in a fresh instance that sees nothing else, write and sync the
/// rows, count everything. Writes only in the attempt's folder and its scratch.
/// </summary>
/// <param name="staging">Where text is staged.</param>
/// <param name="engines">Keeps an instance for small tasks.</param>
/// <param name="idleProcessors">Processors that nothing uses now, this thread's not counted.</param>
internal sealed class TaskExecutor(StagingArea staging, EngineKeeper engines, Func<int> idleProcessors)
{
    // {job}/{stage}/{partition}/{attempt}: so many folders hold a name that may be new.
    private const int LevelsBelowStore = 4;

    // Each thread has buffers of its own.
    private const long BytesPerThread = 128L << 20;

    // A result of one row group at most: where the borders of several are depends on the threads.
    private const long MostThreadedRows = 100_000;

    // A partition whose rows are worse than that is not worth reading over and over.
    private const int MaxQuarantineRounds = 20;

    /// <summary>Runs to the end; a failure is a value, and leaves no file.</summary>
    public TaskOutcome Run(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken)
    {
        var artifacts = new ArtifactCopies(task.ScratchFolder, task.ScratchBytes);
        ParquetCopies? copies = null;
        using var sources = OpenSources.Begin();
        try
        {
            using var leave = ObjectReads.Allow(task.Grant);
            Reset(task.AttemptFolder);
            Directory.CreateDirectory(task.ScratchFolder);
            task = artifacts.Bring(task, cancellationToken);
            copies = new ParquetCopies(task.ScratchFolder, task.ScratchBytes);
            task = copies.Bring(task, cancellationToken);
            var manifest = task.Kind == TaskKind.Rechunk
                ? Rechunker.Run(task, progress, cancellationToken)
                : Execute(task, progress, cancellationToken);
            if (task.IsDurable)
            {
                SyncFolders(task.AttemptFolder);
            }

            return new TaskOutcome(artifacts.AddTo(copies.AddTo(manifest)), null);
        }
        catch (Exception exception)
        {
            // The edge of the engine: whatever happened becomes the attempt's failure.
            Remove(task.AttemptFolder);
            var failure = artifacts.NameOrigins(DuckDbErrors.ToFailure(exception));
            return new TaskOutcome(null, copies?.NameOrigins(failure) ?? failure);
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
        var quarantine = new Quarantine(task.AttemptFolder, task.IsDurable);
        if (task.OnBadRow == BadRowPolicy.Quarantine)
        {
            // Before any row is read, so that all scans leave out the same.
            CastFinder.Find(inputs, cancellationToken);
        }

        try
        {
            return Execute(task, inputs, quarantine, meter, watch, cpu, cancellationToken);
        }
        catch (GuessRefutedException refuted)
        {
            throw new EngineException(WiderTypes.Failure(task, inputs, refuted, cancellationToken), refuted);
        }
    }

    private TaskManifest Execute(
        TaskSpec task, TaskInputs inputs, Quarantine quarantine, ProgressMeter meter, Stopwatch watch, TimeSpan cpu,
        CancellationToken cancellationToken)
    {
        for (var round = 0; ; round++)
        {
            if (RefusedRecords.Find(inputs, cancellationToken) is { Count: > 0 } refused)
            {
                SetAside(refused, task, quarantine, null, cancellationToken);
            }

            try
            {
                var (files, columns, writer) = RunQuery(task, inputs, meter, cancellationToken);
                if (inputs.HasOdd)
                {
                    // The query never came to the odd record, which may yet be a wrong one.
                    inputs.StageOdd();
                    OutputWriter.Clear(task.AttemptFolder);
                    continue;
                }

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
                        (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds, meter.PeakMemoryBytes,
                        writer.SpilledBytes, watch.Elapsed.TotalSeconds,
                        inputs.StagedDiskBytes, writer.Operators),
                };
            }
            catch (DuckDBException) when (inputs.HasOdd)
            {
                inputs.StageOdd();
                OutputWriter.Clear(task.AttemptFolder);
            }
            catch (DuckDBException) when (inputs.ScanFailure is not null)
            {
                inputs.ScanFailure!.Throw();
            }
            catch (DuckDBException exception) when (DuckDbErrors.MayBeBadRow(exception))
            {
                if (inputs.GiveUpCasts())
                {
                    inputs.StageOdd();
                    OutputWriter.Clear(task.AttemptFolder);
                    continue;
                }

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

                SetAside(bad, round == MaxQuarantineRounds
                    ? task with { OnBadRow = BadRowPolicy.Fail }
                    : task, quarantine, exception, cancellationToken);
                OutputWriter.Clear(task.AttemptFolder);
            }
        }
    }

    // Their tables are staged again without them.
    private static void SetAside(
        IReadOnlyList<StagedBadRow> bad, TaskSpec task, Quarantine quarantine, Exception? cause,
        CancellationToken cancellationToken)
    {
        if (bad.FirstOrDefault(RefutesGuess) is { } refuting)
        {
            throw new GuessRefutedException(refuting.Row);
        }

        if (task.OnBadRow == BadRowPolicy.Fail)
        {
            throw new EngineException(
                new AttemptFailure(FailureKind.BadData, bad[0].Row.Describe(), ProblemCode.BadRow.Word), cause);
        }

        quarantine.Add(bad.Select(row => row.Row));
        foreach (var group in bad.GroupBy(row => row.Table))
        {
            group.Key.Skip(group.Select(row => row.Record));
            group.Key.Stage(static _ => { }, cancellationToken);
        }
    }

    // A value that its type does not hold, where the type is a guess.
    private static bool RefutesGuess(StagedBadRow bad) =>
        bad.Row is { Column: { } path, Expected: not null } && bad.Table.Scan.Guesses is { } guesses
        && guesses.Has(JsonMisfits.ColumnOf(bad.Table, path));

    // Whatever several threads fail of, one may do; and what one fails of is said alike in every run.
    private (IReadOnlyList<ArtifactFile> Files, IReadOnlyList<ColumnSchema> Columns, OutputWriter Writer) RunQuery(
        TaskSpec task, TaskInputs inputs, ProgressMeter meter, CancellationToken cancellationToken)
    {
        if (ThreadsOf(task) is > 1 and var threads)
        {
            try
            {
                if (RunOnce(task with { Threads = threads }, inputs, meter, cancellationToken) is { } made
                    && made.Files.Sum(file => file.Rows) <= MostThreadedRows)
                {
                    return made;
                }
            }
            catch (Exception exception) when (exception is DuckDBException or EngineException)
            {
                Console.Error.WriteLine($"Once more with one thread: {exception.Message.Split('\n')[0]}");
            }

            OutputWriter.Clear(task.AttemptFolder);
        }

        return RunOnce(task with { Threads = 1 }, inputs, meter, cancellationToken)!.Value;
    }

    // Whatever ended the first attempt, and its process with it, may have been that there were several.
    private int ThreadsOf(TaskSpec task)
    {
        var most = (int)Math.Min(task.Threads, task.MemoryBytes / BytesPerThread);
        return most > 1 && task.Attempt.Number == 1 ? Math.Min(most, 1 + Math.Max(0, idleProcessors())) : 1;
    }

    // Null where the rows would have no order for several threads.
    private (IReadOnlyList<ArtifactFile> Files, IReadOnlyList<ColumnSchema> Columns, OutputWriter Writer)? RunOnce(
        TaskSpec task, TaskInputs inputs, ProgressMeter meter, CancellationToken cancellationToken)
    {
        using var place = TaskSession.Open(task, inputs, engines);
        var session = place.Session;
        Declare(task, inputs, place, cancellationToken);
        if (task.FewGroups is { } groups)
        {
            if (GroupSample.IsOfFewGroups(groups, session, cancellationToken))
            {
                task = task with { Query = $"SELECT * FROM ({task.Query}) ORDER BY {groups.OrderBy}" };
            }
            else if (task.Threads > 1)
            {
                return null;
            }
        }

        if (task.KeyColumns is { } keys)
        {
            task = task with { Query = KeyColumnsQuery.Expand(task.Query, keys, session, cancellationToken) };
        }

        if (task.Ungrouped is { } ungrouped && GroupSample.IsOfAsManyGroups(ungrouped, session, cancellationToken))
        {
            task = task with { Query = ungrouped.Query };
        }

        OutputWriter writer;
        IReadOnlyList<ArtifactFile> files;
        IReadOnlyList<ColumnSchema> columns;
        using (meter.Follow(session, place.OutputFolder))
        {
            writer = new OutputWriter(session, task with { AttemptFolder = place.OutputFolder }, inputs, cancellationToken);
            (files, columns) = writer.Write();
        }

        place.Complete(files);
        files = task.Output.Kind == OutputKind.Result ? [.. files.Select(file => Identified(task.AttemptFolder, file))] : files;
        return (files, columns, writer);
    }

    // Where nothing has changed by then, whoever publishes the result gives the file another name instead of copying it.
    private static ArtifactFile Identified(string folder, ArtifactFile file)
    {
        using var stream = Descriptors.TryOpenFile(Path.Combine(folder, file.Path));
        return stream is null ? file : file with { Identity = Descriptors.IdentityOf(stream.SafeFileHandle) };
    }

    private static void Declare(TaskSpec task, TaskInputs inputs, TaskSession place, CancellationToken cancellationToken)
    {
        var session = place.Session;
        session.Execute(
            $"CREATE MACRO {TaskSpec.PartitionFunction}() AS CAST({task.Attempt.Task.Partition} AS BIGINT)", cancellationToken);
        foreach (var table in inputs.TextTables)
        {
            session.Register(table);
        }

        foreach (var table in inputs.JsonTables)
        {
            session.Register(table);
        }

        foreach (var table in inputs.ExchangeTables)
        {
            session.Register(table);
        }

        foreach (var sequence in Recursion.IsIn(task.Query) ? Recursion.CreateSequences : [])
        {
            session.Execute(sequence, cancellationToken);
        }

        foreach (var declaration in inputs.Declarations(place.PathOf))
        {
            session.Execute(declaration, cancellationToken);
        }
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
