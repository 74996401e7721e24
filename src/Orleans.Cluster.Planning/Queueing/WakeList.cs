using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Which jobs have something to look at. A job that only waits, for a slot or for the jobs that it depends on, sleeps and costs
/// nothing: it is woken by what it waits for, and by its deadline. All others are woken again and again, since a message to them
/// may be lost.
/// </summary>
public sealed class WakeList
{
    // How many of a job's dependencies had ended when it was last woken for that.
    private readonly Dictionary<JobId, int> told = [];

    /// <summary>
    /// Whether a job sleeps: tasks of it are ready and none has begun, or a job that it depends on has not ended.
    /// </summary>
    public static bool Sleeps(ActiveJob job, Func<JobId, bool> isActive)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Phase == JobPhase.Queued
            && (job.IsOpen
                ? job.Stages.Any(stage => stage.Ready + stage.BackingOff > 0) && job.Stages.All(stage => stage.Running == 0)
                : job.DependsOn.Any(isActive));
    }

    /// <summary>Of some jobs, those to wake now.</summary>
    /// <param name="some">Those to look at.</param>
    /// <param name="jobs">All that have not ended.</param>
    /// <param name="now">The clock.</param>
    /// <param name="everyone">All that are awake, not only those for which something has changed.</param>
    public IReadOnlyList<JobId> Take(
        IEnumerable<ActiveJob> some, IReadOnlyDictionary<JobId, ActiveJob> jobs, DateTimeOffset now, bool everyone)
    {
        ArgumentNullException.ThrowIfNull(some);
        ArgumentNullException.ThrowIfNull(jobs);
        foreach (var gone in everyone ? told.Keys.Where(id => !jobs.ContainsKey(id)).ToList() : [])
        {
            told.Remove(gone);
        }

        return [.. some.Where(job => IsDue(job, jobs, now, everyone)).Select(job => job.Id)];
    }

    private bool IsDue(ActiveJob job, IReadOnlyDictionary<JobId, ActiveJob> jobs, DateTimeOffset now, bool everyone)
    {
        var ended = job.Phase == JobPhase.Queued && !job.IsOpen ? job.DependsOn.Count(id => !jobs.ContainsKey(id)) : 0;
        var isNews = ended > told.GetValueOrDefault(job.Id);
        if (isNews)
        {
            told[job.Id] = ended;
        }

        return isNews || now >= job.DeadlineAt || (everyone && !Sleeps(job, jobs.ContainsKey))
            || (job.Phase == JobPhase.Queued && job.Stages.Any(stage => stage.Running > 0));
    }
}
