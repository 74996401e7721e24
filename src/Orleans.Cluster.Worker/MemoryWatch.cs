namespace Orleans.Cluster.Worker;

/// <summary>
/// Looks at an executor's resident size and kills it above a limit. It cannot stop a burst between two looks; where the kernel
/// caps the executor too (<see cref="MemoryGuard"/>), none gets through.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly ExecutorProcess executor;
    private readonly Timer timer;

    public MemoryWatch(ExecutorProcess executor, long limitBytes, TimeSpan interval)
    {
        this.executor = executor;
        LimitBytes = limitBytes;
        timer = new Timer(_ => Look(), null, interval, interval);
    }

    public long LimitBytes { get; }

    /// <summary>Resident bytes for which it was killed; null when it was not.</summary>
    public long? Exceeded { get; private set; }

    /// <summary>Largest resident size seen.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Processor seconds of the executor when it was last looked at.</summary>
    public double CpuSeconds { get; private set; }

    public void Dispose() => timer.Dispose();

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
