using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>A grain's timer that stands still while there is nothing to tick for.</summary>
internal sealed class SleepingTimer(IGrainTimer timer, TimeSpan period) : IDisposable
{
    private bool isAsleep;

    /// <summary>Lets it stand still, or tick again.</summary>
    /// <returns>Whether it falls asleep with this.</returns>
    public bool Set(bool sleeps)
    {
        if (sleeps == isAsleep)
        {
            return false;
        }

        isAsleep = sleeps;
        var next = sleeps ? Timeout.InfiniteTimeSpan : period;
        timer.Change(next, next);
        return sleeps;
    }

    public void Dispose() => timer.Dispose();
}
