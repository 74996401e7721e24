using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// When a worker is lost, and whether it may still compute. Lost is one whose silo has left, or that has not reported for a
/// lease: what it ran waits again at once, since its late commits are fenced. Only what is being cancelled waits until its
/// executors must have ended themselves, because CANCELLED says that no process works for the job.
/// </summary>
/// <param name="attention">Since when somebody listens.</param>
/// <param name="lease">How long a worker is waited for.</param>
/// <param name="executorDeadline">How long its executors live without it.</param>
/// <param name="reportHold">How long a report is held open.</param>
/// <param name="tick">How often this is asked.</param>
public sealed class WorkerLoss(Attention attention, TimeSpan lease, TimeSpan executorDeadline, TimeSpan reportHold, TimeSpan tick)
{
    /// <summary>Why a worker is lost; null when it is not.</summary>
    /// <param name="membership">What the cluster's membership says of its silo.</param>
    /// <param name="heard">When it last reported; null when it never did here.</param>
    /// <param name="now">The clock.</param>
    public string? Why(SiloStanding membership, DateTimeOffset? heard, DateTimeOffset now)
    {
        // Unknown to membership: of an earlier run, unless it has just joined and its report was faster than the news of it.
        if (membership == SiloStanding.Dead
            || (membership == SiloStanding.Unknown && heard is null && now - attention.Since > tick))
        {
            return "Its silo has left the cluster.";
        }

        return attention.SilenceOf(heard, now) > lease ? $"It has not reported for {lease.TotalSeconds:0} s." : null;
    }

    /// <summary>
    /// Whether executors of a worker may still work. It renews them for a lease after the last report that was answered, and they
    /// live at most their deadline longer. One that was never heard of here and is in no membership table is of an earlier run,
    /// whose processes end with it.
    /// </summary>
    /// <param name="heard">When it last reported; null when it never did here.</param>
    /// <param name="isLost">Whether it is lost.</param>
    /// <param name="now">The clock.</param>
    public bool MayStillCompute(DateTimeOffset? heard, bool isLost, DateTimeOffset now) => heard is { } at
        ? now - at <= lease + executorDeadline + reportHold + tick
        : !isLost;

    /// <summary>Of the attempts that a worker holds, those that are given back now.</summary>
    /// <param name="held">What it holds.</param>
    /// <param name="isCancelling">Whether a job is being cancelled.</param>
    /// <param name="isLost">Whether it is lost.</param>
    /// <param name="mayStillCompute">See <see cref="MayStillCompute"/>.</param>
    public static IReadOnlyList<AttemptId> GivenBack(
        IEnumerable<AttemptId> held, Func<JobId, bool> isCancelling, bool isLost, bool mayStillCompute) =>
        [.. held.Where(attempt => isCancelling(attempt.Task.Job) ? !mayStillCompute : isLost)];
}

/// <summary>What the cluster's membership says of a worker's silo.</summary>
public enum SiloStanding
{
    /// <summary>It is in no table.</summary>
    Unknown,

    /// <summary>It is in the table and has not been declared dead.</summary>
    Present,

    /// <summary>It was declared dead, or has left.</summary>
    Dead,
}
