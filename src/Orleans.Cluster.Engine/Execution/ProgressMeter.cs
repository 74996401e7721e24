using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Reports how far an attempt is, every 250 ms, and watches the memory that it takes. Never goes back.</summary>
internal sealed class ProgressMeter : IDisposable
{
    /// <summary>Staging takes about so much of the time that reading text takes in all.</summary>
    private const double StagingShare = 0.15;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly IProgress<TaskProgress>? _progress;
    private readonly long _totalBytes;
    private readonly Timer _timer;
    private DuckDbSession? _session;
    private string? _output;
    private long _stagedBytes;
    private long _scannedBytes;
    private long _scannedRows;
    private TaskProgress _last = new(0, 0);

    public ProgressMeter(TaskSpec task, IProgress<TaskProgress>? progress)
    {
        _progress = progress;
        _totalBytes = BytesOf(task);
        _timer = new Timer(_ => Report(), null, Period, Period);
    }

    /// <summary>Bytes that the attempt reads in all, as stored.</summary>
    public long TotalBytes => _totalBytes;

    /// <summary>Largest resident size of the process that was seen.</summary>
    public long PeakMemoryBytes { get; private set; }

    public void AddStaged(long bytes) => Interlocked.Add(ref _stagedBytes, bytes);

    /// <summary>Counts source bytes that a scan of this process has read, and rows that it made of them.</summary>
    public void AddScanned(long bytes, long rows)
    {
        Interlocked.Add(ref _scannedBytes, bytes);
        Interlocked.Add(ref _scannedRows, rows);
    }

    /// <summary>Follows the query of a session until the answer is disposed of, which must be before the session is.</summary>
    /// <param name="session">Where it runs.</param>
    /// <param name="output">Folder that it writes into.</param>
    public IDisposable Follow(DuckDbSession session, string output)
    {
        lock (_lock)
        {
            (_session, _output) = (session, output);
        }

        return new Following(this);
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _session = null;
            Watch();
        }
    }

    // Row groups are of a size, so rows stand for bytes in Parquet.
    private static long BytesOf(TaskSpec task) => task.Inputs.Sum(input =>
        (input.Exchange?.Files.Sum(f => f.Bytes) ?? 0) + (input.Scan?.Slices.Sum(SliceBytes) ?? 0));

    private static long SliceBytes(FileSlice slice) => slice.Unit == SliceUnit.Rows
        ? (long)((double)slice.File.Stamp.Bytes * (slice.End - slice.Start) / Math.Max(slice.File.RowCount ?? slice.End, 1))
        : slice.End - slice.Start;

    private void Report()
    {
        lock (_lock)
        {
            Watch();
            var fraction = _session?.FractionDone ?? 0;
            var bytes = (long)((StagingShare * Interlocked.Read(ref _stagedBytes))
                + ((1 - StagingShare) * fraction * _totalBytes))
                + Interlocked.Read(ref _scannedBytes);
            var next = new TaskProgress(
                Math.Clamp(bytes, _last.BytesDone, Math.Max(_totalBytes, _last.BytesDone)),
                Math.Max((_session?.RowsDone ?? 0) + Interlocked.Read(ref _scannedRows), _last.RowsDone),
                _output is { } output ? BytesIn(output) : _last.BytesWritten);
            if (next != _last)
            {
                _last = next;
                _progress?.Report(next);
            }
        }
    }

    /// <summary>
    /// Bytes of the files in a folder, which somebody writes. What bounds an output looks at it while it grows: the engine writes
    /// its files itself.
    /// </summary>
    public static long BytesIn(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (IOException)
        {
            return 0; // Files get their last names while they are counted; the next look counts again.
        }
    }

    private void Watch() => PeakMemoryBytes = Math.Max(PeakMemoryBytes, Environment.WorkingSet);

    private sealed class Following(ProgressMeter meter) : IDisposable
    {
        public void Dispose()
        {
            lock (meter._lock)
            {
                (meter._session, meter._output) = (null, null);
                // A query may be over before the first look.
                meter.Watch();
            }
        }
    }
}
