namespace Orleans.Cluster.Worker;

/// <summary>
/// Looks at an executor's resident size and kills it above a limit. It cannot stop a burst between two looks; where the kernel
/// caps the executor too (<see cref="MemoryGuard"/>), none gets through.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    // Who has nothing to do grows by nothing.
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(10);

    private readonly ExecutorProcess executor;
    private readonly TimeSpan interval;
    private readonly Timer timer;
    private readonly Lock change = new();
    private int busy;
    private bool isDisposed;

    /// <param name="executor">Whom to look at.</param>
    /// <param name="limitBytes">Resident bytes above which it ends.</param>
    /// <param name="interval">Time between two looks while it has something to do.</param>
    /// <param name="isBusy">Whether it has something to do from the start; else <see cref="Begin"/> says so.</param>
    public MemoryWatch(ExecutorProcess executor, long limitBytes, TimeSpan interval, bool isBusy)
    {
        this.executor = executor;
        this.interval = interval;
        LimitBytes = limitBytes;
        busy = isBusy ? 1 : 0;
        var first = isBusy ? interval : IdleInterval;
        timer = new Timer(_ => Look(), null, first, first);
    }

    public long LimitBytes { get; }

    /// <summary>Resident bytes for which it was killed; null when it was not.</summary>
    public long? Exceeded { get; private set; }

    /// <summary>Largest resident size seen.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Processor seconds of the executor when it was last looked at.</summary>
    public double CpuSeconds { get; private set; }

    /// <summary>The executor has something to do, until <see cref="End"/> is called as often as this.</summary>
    public void Begin() => Count(1, interval);

    /// <summary>One thing less to do.</summary>
    public void End() => Count(-1, IdleInterval);

    public void Dispose()
    {
        lock (change)
        {
            isDisposed = true;
            timer.Dispose();
        }
    }

    private void Count(int step, TimeSpan pause)
    {
        lock (change)
        {
            var before = busy > 0;
            busy += step;
            if (before != busy > 0 && !isDisposed)
            {
                timer.Change(pause, pause);
            }
        }
    }

    private void Look()
    {
        var resident = executor.ResidentBytes();
        CpuSeconds = Math.Max(CpuSeconds, executor.CpuSeconds());
        PeakBytes = Math.Max(PeakBytes, resident);
        if (resident > LimitBytes && Exceeded is null)
        {
            Exceeded = resident;
            _ = executor.Kill();
        }
    }
}
