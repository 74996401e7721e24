using DuckDB.NET.Data;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// An instance that small tasks use after each other, since opening one costs more than such a task. What an instance may reach
/// is fixed when it opens: here that is one folder, the box, which holds the files of the task that runs and nothing at any other
/// time. A task runs in one transaction that is never committed, so that nothing which it made in the instance is there for the
/// next.
/// </summary>
internal sealed class KeptEngine : IDisposable
{
    private readonly SessionOptions _options;
    private readonly string _box;

    private KeptEngine(SessionOptions options, string box)
    {
        (_options, _box) = (options, box);
        Directory.CreateDirectory(box);
        Session = DuckDbSession.Open(options with { SpillFolder = SpillFolder, Folders = [box], Files = [] });
    }

    /// <summary>The session of the task that runs.</summary>
    public DuckDbSession Session { get; }

    /// <summary>Where the task writes.</summary>
    public string OutputFolder => Path.Combine(_box, "out");

    /// <summary>Tasks that it has had.</summary>
    public int Uses { get; private set; }

    /// <summary>
    /// Whether another task can have it: what was spilled goes with its task, and an instance makes that folder only once.
    /// </summary>
    public bool IsReusable { get; private set; }

    private string SpillFolder => Path.Combine(_box, "spill");

    /// <summary>Opens one.</summary>
    /// <param name="options">Threads, memory and bytes to spill.</param>
    /// <param name="scratch">Folder that its box is made in.</param>
    public static KeptEngine Open(SessionOptions options, string scratch) =>
        new(options, Path.Combine(scratch, $"{TaskSpec.EngineFolderPrefix(Environment.ProcessId)}{Guid.NewGuid():N}"));

    /// <summary>Whether a task of these limits can have it.</summary>
    public bool Fits(SessionOptions options, string scratch) =>
        options.Threads == _options.Threads && options.MemoryBytes == _options.MemoryBytes
        && options.SpillBytes == _options.SpillBytes && options.ChoosesRows == _options.ChoosesRows
        && options.MergesRanges == _options.MergesRanges && Path.GetDirectoryName(_box) == scratch;

    /// <summary>Lets a task in.</summary>
    /// <param name="files">Files that it reads, which are copied; few and small.</param>
    public void Begin(IReadOnlyList<string> files)
    {
        Uses++;
        IsReusable = false;
        Directory.CreateDirectory(OutputFolder);
        for (var i = 0; i < files.Count; i++)
        {
            File.Copy(files[i], PathOf(i));
        }

        Session.Execute("BEGIN TRANSACTION");
    }

    /// <summary>What one of the files that the task reads is called here.</summary>
    public string PathOf(int file) => Path.Combine(_box, $"in{file}.parquet");

    /// <summary>Forgets what the task made, and empties the box.</summary>
    public void End()
    {
        Session.Execute("ROLLBACK");
        IsReusable = !Directory.Exists(SpillFolder);
        Directory.Delete(OutputFolder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(_box))
        {
            File.Delete(file);
        }
    }

    public void Dispose()
    {
        Session.Dispose();
        if (Directory.Exists(_box))
        {
            Directory.Delete(_box, recursive: true);
        }
    }
}

/// <summary>Keeps one instance between tasks.</summary>
internal sealed class EngineKeeper : IDisposable
{
    // What an instance gathers over its life stays small.
    private const int MostUses = 256;

    private readonly Lock _lock = new();
    private KeptEngine? _kept;
    private DuckDBConnection? _prepared;
    private bool _ended;

    /// <summary>Instances that were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>The kept instance if it has these limits, else a new one in its place.</summary>
    public KeptEngine Take(SessionOptions options, string scratch)
    {
        lock (_lock)
        {
            var kept = _kept;
            _kept = null;
            if (kept?.Fits(options, scratch) == true)
            {
                return kept;
            }

            kept?.Dispose();
            Opened++;
        }

        return KeptEngine.Open(options, scratch);
    }

    /// <summary>
    /// An instance for a task that has one of its own, which was prepared after another such task where there was one.
    /// </summary>
    public DuckDbSession TakeOwn(SessionOptions options)
    {
        DuckDBConnection? prepared;
        lock (_lock)
        {
            Release();
            (prepared, _prepared) = (_prepared, null);
        }

        return DuckDbSession.Open(options, prepared);
    }

    /// <summary>Closes the instance of a task that had one of its own, and prepares another for the next such task.</summary>
    public void Retire(DuckDbSession session)
    {
        lock (_lock)
        {
            session.Dispose();
            try
            {
                _prepared ??= _ended ? null : DuckDbSession.Prepare();
            }
            catch (DuckDBException exception)
            {
                // The task that is done is none the worse. The next one opens its own, and says what keeps it from that.
                Console.Error.WriteLine($"No instance was prepared: {exception.Message.Split('\n')[0]}");
            }
        }
    }

    /// <summary>Takes an instance back; one whose task failed, or that has had many, is closed.</summary>
    public void Return(KeptEngine engine)
    {
        lock (_lock)
        {
            if (!_ended && _kept is null && engine.IsReusable && engine.Uses < MostUses)
            {
                _kept = engine;
                return;
            }
        }

        engine.Dispose();
    }

    /// <summary>Closes the kept instance: a task that has one of its own may use all of the memory.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _kept?.Dispose();
            _kept = null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _prepared?.Dispose();
            _prepared = null;
        }

        Release();
    }
}
