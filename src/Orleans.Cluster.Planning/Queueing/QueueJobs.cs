using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// The jobs of a <see cref="QueueLedger"/> as the database said last, with what has been granted and what workers report since.
/// Each change of one job looks at that job alone, and puts it into its place in the <see cref="QueueIndex"/>.
/// </summary>
internal sealed class QueueJobs(TimeSpan rise)
{
    private readonly Dictionary<JobId, ActiveJob> jobs = [];
    private readonly Dictionary<JobId, DateTimeOffset> lastGrant = [];
    private readonly Dictionary<JobId, DateTimeOffset> atWork = [];
    private readonly Dictionary<JobId, HashSet<JobId>> dependents = [];
    private readonly HashSet<JobId> changed = [];
    private readonly ReportedAttempts reported = new();
    private long visits;

    /// <summary>Jobs that have not ended.</summary>
    public IReadOnlyDictionary<JobId, ActiveJob> ById => jobs;

    /// <summary>Their order and their sums.</summary>
    public QueueIndex Index { get; } = new(rise);

    /// <summary>
    /// Grants that are under way; changed by <see cref="BeginGrant"/>, <see cref="Begun"/> and <see cref="EndGrant"/> alone.
    /// </summary>
    public GrantsUnderWay UnderWay { get; } = new();

    /// <summary>Jobs looked at and places compared since it was made.</summary>
    public long Work => visits + Index.Comparisons;

    /// <summary>A job as the database says now. One that is as it was costs a comparison.</summary>
    public void Take(ActiveJob job)
    {
        if (!jobs.TryGetValue(job.Id, out var known) || !known.IsAs(job))
        {
            jobs[job.Id] = job;
            changed.Add(job.Id);
            foreach (var dependency in known is null ? job.DependsOn : [])
            {
                (dependents.TryGetValue(dependency, out var waiting) ? waiting : dependents[dependency] = []).Add(job.Id);
            }

            Reindex(job.Id);
        }
    }

    /// <summary>A job has ended.</summary>
    public void Drop(JobId id)
    {
        if (!jobs.Remove(id, out var job))
        {
            return;
        }

        lastGrant.Remove(id);
        Index.Remove(id);
        if (dependents.Remove(id, out var waiting))
        {
            changed.UnionWith(waiting);
        }

        foreach (var dependency in job.DependsOn)
        {
            dependents.GetValueOrDefault(dependency)?.Remove(id);
        }
    }

    /// <summary>
    /// Jobs that were changed since it was last asked, of which one that they depend on has ended, or whose deadline is over.
    /// </summary>
    public IReadOnlyList<ActiveJob> TakeChanged(DateTimeOffset now)
    {
        changed.UnionWith(Index.Overdue(now));
        List<ActiveJob> taken = [.. changed.Where(jobs.ContainsKey).Select(id => jobs[id])];
        visits += taken.Count;
        changed.Clear();
        return taken;
    }

    /// <summary>Jobs of which something runs, or was granted since a time.</summary>
    public IReadOnlyList<JobId> AtWork(DateTimeOffset since)
    {
        foreach (var old in atWork.Where(pair => pair.Value < since).Select(pair => pair.Key).ToList())
        {
            atWork.Remove(old);
        }

        return [.. atWork.Keys.Union(Index.AtWork)];
    }

    /// <summary>Takes what a worker runs.</summary>
    public void Report(WorkerId worker, IReadOnlyCollection<AttemptId> running)
    {
        foreach (var job in reported.Take(worker, running))
        {
            Reindex(job);
        }
    }

    /// <summary>A grant is under way.</summary>
    public void BeginGrant(long number, Match match, long report, DateTimeOffset now)
    {
        UnderWay.Add(number, match, report);
        lastGrant[match.Job] = now;
        atWork[match.Job] = now;
        Reindex(match.Job);
    }

    /// <summary>
    /// A grant has been begun: its tasks are no longer ready, whatever a read of the database from before says; the next read
    /// puts it right.
    /// </summary>
    public void Begun(long number, Match match)
    {
        UnderWay.Remove(number);
        if (jobs.TryGetValue(match.Job, out var job) && job.Epoch == match.Epoch)
        {
            jobs[match.Job] = job with
            {
                Stages = [.. job.Stages.Select(stage => stage.Stage == match.Stage
                    ? stage with { Ready = Math.Max(0, stage.Ready - match.Count), Running = stage.Running + match.Count }
                    : stage)],
            };
        }

        Reindex(match.Job);
    }

    /// <summary>A grant will not be begun.</summary>
    public void EndGrant(long number)
    {
        if (UnderWay.Remove(number) is { } job)
        {
            Reindex(job);
        }
    }

    /// <summary>Jobs that have tasks to grant in the order in which they are served, each looked at when it is come to.</summary>
    public IEnumerable<Turn> InTurns() => Index.InTurns(id =>
    {
        visits++;
        return WithoutTaken(jobs[id]);
    });

    /// <summary>A job with what is under way taken out of what is ready.</summary>
    public ActiveJob WithoutTaken(ActiveJob job) => job with
    {
        Stages = [.. job.Stages.Select(stage => stage with { Ready = Grantable(job, stage) })],
    };

    /// <summary>
    /// Tasks of a job that run. Those count that were granted to a worker which is just beginning them, but for members of a
    /// gang, which begin together or not at all; and those that workers say they run, although a read of the database from before
    /// does not know of them.
    /// </summary>
    public int RunningOf(ActiveJob job) => Math.Max(
        job.Stages.Sum(stage => stage.Running + UnderWay.TakenBySingles(job.Id, job.Epoch, stage.Stage)),
        reported.CountOf(job.Id));

    /// <summary>Jobs with tasks ready that are served before one.</summary>
    public int CountAhead(ActiveJob job)
    {
        visits++;
        return Index.CountAhead(job, WaitingSince(job));
    }

    /// <summary>The place of a job among those that wait, from 1; null when it does not.</summary>
    public int? PositionOf(JobId id) => jobs.TryGetValue(id, out var job) ? Index.PositionOf(job, WaitingSince(job)) : null;

    private int Grantable(ActiveJob job, StageBacklog stage) =>
        Math.Max(0, stage.Ready - UnderWay.Taken(job.Id, job.Epoch, stage.Stage));

    private void Reindex(JobId id)
    {
        if (jobs.TryGetValue(id, out var job))
        {
            visits++;
            Index.Put(job, job.Stages.Sum(stage => Grantable(job, stage)), RunningOf(job), WaitingSince(job));
        }
    }

    private DateTimeOffset WaitingSince(ActiveJob job) =>
        lastGrant.TryGetValue(job.Id, out var at) && at > job.CreatedAt ? at : job.CreatedAt;
}
