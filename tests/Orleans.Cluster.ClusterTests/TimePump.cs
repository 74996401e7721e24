using Microsoft.Extensions.Time.Testing;

namespace Orleans.Cluster.ClusterTests;

/// <summary>
/// A clock whose time passes much faster than the machine's, in small steps, so that minutes of patience are over in a second and
/// nothing depends on how fast the machine is. All that a cluster waits for goes by it, Orleans too.
/// </summary>
internal sealed class TimePump : IAsyncDisposable
{
    private static readonly TimeSpan Start = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource ending = new();
    private readonly Task pumping;
    private long step = Start.Ticks;

    public TimePump() => pumping = Task.Factory.StartNew(Pump, TaskCreationOptions.LongRunning);

    public FakeTimeProvider Clock { get; } = new PooledTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>How much time passes in about a millisecond.</summary>
    public TimeSpan Step
    {
        get => new(Volatile.Read(ref step));
        set => Volatile.Write(ref step, value.Ticks);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await pumping;
        ending.Dispose();
    }

    private void Pump()
    {
        while (!ending.IsCancellationRequested)
        {
            Thread.Sleep(1);
            Clock.Advance(Step);
        }
    }

    // As the system's timers do: what one of them waits for may need time to pass, which it would not while this thread waits.
    private sealed class PooledTime(DateTimeOffset start) : FakeTimeProvider(start)
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                _ => ThreadPool.UnsafeQueueUserWorkItem(item => callback(item), state, preferLocal: false), null, dueTime,
                period);
    }
}
