using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// The session that a task's query runs in: that of an instance which small tasks use after each other, or one of its own.
/// </summary>
internal sealed class TaskSession : IDisposable
{
    // Beyond them a task takes so long that an instance of its own costs little, and files are not worth a copy.
    private const long MostScannedBytes = 64L << 20;
    private const long MostCopiedBytes = 4L << 20;
    private const int MostCopied = 64;

    private const int MostHeldPart = 4;

    private readonly EngineKeeper _keeper;
    private readonly KeptEngine? _engine;
    private readonly string _attemptFolder;
    private readonly string _scratchFolder;
    private readonly long _memoryBytes;
    private readonly bool _isDurable;
    private readonly Dictionary<string, string> _paths = [];

    private TaskSession(TaskSpec task, EngineKeeper keeper, DuckDbSession session)
    {
        (_keeper, _attemptFolder, _isDurable, Session, OutputFolder) =
            (keeper, task.AttemptFolder, task.IsDurable, session, task.AttemptFolder);
        (_scratchFolder, _memoryBytes) = (task.ScratchFolder, task.MemoryBytes);
    }

    private TaskSession(TaskSpec task, EngineKeeper keeper, KeptEngine engine, IReadOnlyList<string> files)
    {
        (_keeper, _engine, _attemptFolder, _isDurable, Session, OutputFolder) =
            (keeper, engine, task.AttemptFolder, task.IsDurable, engine.Session, engine.OutputFolder);
        (_scratchFolder, _memoryBytes) = (task.ScratchFolder, task.MemoryBytes);
        for (var i = 0; i < files.Count; i++)
        {
            _paths[files[i]] = engine.PathOf(i);
        }
    }

    /// <summary>The session.</summary>
    public DuckDbSession Session { get; }

    /// <summary>Where the query writes its files.</summary>
    public string OutputFolder { get; }

    /// <summary>Opens one for a task.</summary>
    public static TaskSession Open(TaskSpec task, TaskInputs inputs, EngineKeeper keeper)
    {
        var options = new SessionOptions(
            task.Threads, inputs.EngineMemoryBytes, task.ScratchFolder, task.ScratchBytes is null
            ? null
            : inputs.ScratchBytesLeft,
            [task.AttemptFolder, task.ScratchFolder], inputs.Files)
        {
            ChoosesRows = EngineFaults.ChoosesRows(task.Query)
                || inputs.ParquetScans.Any(input => ParquetSql.CountsRowsOff(input.Scan)),
            MergesRanges = EngineFaults.NeedsMergeJoin(
                task.Query, task.Inputs.SelectMany(input => input.Scan?.Columns ?? input.Exchange!.Columns)),
        };
        var scratch = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(task.ScratchFolder));
        if (scratch is null || !CanShare(task, inputs))
        {
            return new TaskSession(task, keeper, keeper.TakeOwn(options with { KeepsFooters = true }));
        }

        var engine = keeper.Take(options, scratch);
        try
        {
            var files = inputs.Files.Distinct().ToList();
            engine.Begin(files);
            return new TaskSession(task, keeper, engine, files);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>What a file that the task reads is called in the session.</summary>
    public string PathOf(string path) => _paths.GetValueOrDefault(path, path);

    /// <summary>The task came to a good end: its files go into its own folder, and its instance may serve another.</summary>
    public void Complete(IReadOnlyList<ArtifactFile> files)
    {
        if (_engine is null)
        {
            return;
        }

        foreach (var file in files)
        {
            var path = Path.Combine(_attemptFolder, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(Path.Combine(OutputFolder, file.Path), path);

            if (_isDurable)
            {
                // Between two file systems it is a copy, which nobody has synced yet.
                using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.FlushToDisk(handle);
            }
        }

        _engine.End();
    }

    public void Dispose()
    {
        if (_engine is null)
        {
            Retire();
        }
        else
        {
            _keeper.Return(_engine);
        }
    }

    // While the answer is on its way, where the instance has no files to remove and holds little: whoever looks at the process
    // for the next task finds it small.
    private void Retire()
    {
        if (Environment.WorkingSet * MostHeldPart < _memoryBytes && !Directory.EnumerateFileSystemEntries(_scratchFolder).Any())
        {
            _ = EngineThreads.Run(() =>
            {
                _keeper.Retire(Session);
                return true;
            });
        }
        else
        {
            _keeper.Retire(Session);
        }
    }

    // Files of users keep their names, which the engine's messages tell. Tables of rows for many files are no part of a
    // transaction, and neither are sequences.
    private static bool CanShare(TaskSpec task, TaskInputs inputs) =>
        !inputs.ParquetScans.Any() && !inputs.StagedTables.Any() && !Recursion.IsIn(task.Query)
        && task.Output.PartitionBy.Count == 0
        && task.Inputs.Sum(input => input.Scan?.Slices.Sum(slice => slice.End - slice.Start) ?? 0) <= MostScannedBytes
        && inputs.ExchangeTables.Sum(table => table.Files.Sum(file => file.Bytes)) <= MostScannedBytes
        && TaskInputs.ParquetArtifacts(task).Sum(file => file.Bytes) <= MostCopiedBytes
        && inputs.Files.Count <= MostCopied;
}
