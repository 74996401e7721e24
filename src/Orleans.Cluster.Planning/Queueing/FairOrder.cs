using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Whose task is next: highest level first, oldest job first within a level. A job's level is its priority, and one more for each
/// <c>rise</c> that it has waited without getting a slot, so that LOW starts within three rises under any load; a job that has
/// just got a slot is back at its priority, so that an old job does not keep younger, more urgent ones out.
/// </summary>
public static class FairOrder
{
    /// <summary>Level of a job, from LOW = 0; at most that of CRITICAL.</summary>
    public static int Level(JobPriority priority, DateTimeOffset waitingSince, DateTimeOffset now, TimeSpan rise) =>
        Math.Min((int)JobPriority.Critical, (int)priority + Risen(waitingSince, now, rise));

    /// <summary>When the level of a job rises next; null when it is at the highest.</summary>
    public static DateTimeOffset? NextRise(JobPriority priority, DateTimeOffset waitingSince, DateTimeOffset now, TimeSpan rise)
    {
        var risen = Risen(waitingSince, now, rise);
        return (int)priority + risen >= (int)JobPriority.Critical ? null : waitingSince + ((risen + 1) * rise);
    }

    private static int Risen(DateTimeOffset waitingSince, DateTimeOffset now, TimeSpan rise) =>
        now <= waitingSince ? 0 : (int)Math.Min((int)JobPriority.Critical, (now - waitingSince) / rise);

    /// <summary>Jobs in order. Ties of time are broken by id, which keeps the order of creation.</summary>
    public static IReadOnlyList<ActiveJob> Sort(
        IEnumerable<ActiveJob> jobs, Func<ActiveJob, DateTimeOffset> waitingSince, DateTimeOffset now, TimeSpan rise) =>
    [
        .. jobs
            .OrderByDescending(job => Level(job.Priority, waitingSince(job), now, rise))
            .ThenBy(job => job.CreatedAt)
            .ThenBy(job => job.Id),
    ];
}
