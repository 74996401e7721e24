using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// How many jobs have not ended, for the bound of the queue: read every few seconds, and counted up in between.
/// </summary>
internal sealed class ActiveJobCount(IJobStore jobs, TimeProvider clock)
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(5);
    private DateTimeOffset readAt = DateTimeOffset.MinValue;
    private int count;

    public async ValueTask<int> Get(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now - readAt > Keep)
        {
            readAt = now;
            count = await jobs.CountActive(cancellationToken);
        }

        return Volatile.Read(ref count);
    }

    public void Added() => Interlocked.Increment(ref count);
}
