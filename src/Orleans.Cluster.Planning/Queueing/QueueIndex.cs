using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// What is asked of the queue again and again, kept up to date job by job: who is next, who waits and at which place, and how
/// much of each priority. No answer depends on how many jobs there are, but for the jobs that it names.
/// </summary>
internal sealed class QueueIndex(TimeSpan rise)
{
    private readonly OwnerQueues ready = new(rise);
    private readonly FairList waiting = new(rise);
    private readonly Dictionary<JobId, Entry> entries = [];
    private readonly Dictionary<JobPriority, Level> levels = Enum.GetValues<JobPriority>()
        .ToDictionary(priority => priority, _ => new Level());
    private readonly HashSet<JobId> gangs = [];
    private readonly HashSet<JobId> atWork = [];
    private readonly SortedSet<(DateTimeOffset At, JobId Job)> backingOff = [];
    private readonly SortedSet<(DateTimeOffset At, JobId Job)> deadlines = [];

    // What a job adds to the sums, to be taken off again when it changes.
    private sealed record Entry(
        string Owner, JobPriority Priority, DateTimeOffset CreatedAt, bool Waits, int Partitions, int Ready, int Running,
        int BusySlots, bool IsAtWork,
        DateTimeOffset? NextReadyAt, DateTimeOffset? DeadlineAt);

    private sealed class Level
    {
        public int Partitions { get; set; }

        public SortedSet<(DateTimeOffset CreatedAt, JobId Job)> Waiting { get; } = [];
    }

    /// <summary>Places compared since it was made.</summary>
    public long Comparisons => ready.Comparisons + waiting.Comparisons;

    /// <summary>Callers of whose jobs tasks are ready.</summary>
    public int Callers => ready.Count;

    /// <summary>Partitions that run, of all jobs.</summary>
    public int Running { get; private set; }

    /// <summary>Partitions that only wait for a slot, of all jobs.</summary>
    public int Ready { get; private set; }

    /// <summary>Open jobs that are gangs.</summary>
    public IReadOnlyCollection<JobId> Gangs => gangs;

    /// <summary>Jobs of which something runs.</summary>
    public IReadOnlyCollection<JobId> AtWork => atWork;

    /// <summary>When a partition that backs off becomes ready next, and of which job; null for never.</summary>
    public (DateTimeOffset At, JobId Job)? NextReady => backingOff.Count == 0 ? null : backingOff.Min;

    /// <summary>Jobs that have a task ready, in the order in which they are served; see <see cref="OwnerQueues"/>.</summary>
    public IEnumerable<Turn> InTurns(Func<JobId, ActiveJob> find) => ready.InTurns(find);

    /// <summary>Jobs whose deadline is over.</summary>
    public IEnumerable<JobId> Overdue(DateTimeOffset now) => deadlines.TakeWhile(item => item.At <= now).Select(item => item.Job);

    /// <summary>Lets the time pass.</summary>
    public void Advance(DateTimeOffset now)
    {
        ready.Advance(now);
        waiting.Advance(now);
    }

    /// <summary>A job as it is now.</summary>
    /// <param name="job">As the database said last.</param>
    /// <param name="grantable">Its ready tasks that nobody has been given.</param>
    /// <param name="running">Its tasks that run, with those that a worker is just beginning.</param>
    /// <param name="waitingSince">Since when it has waited for a slot.</param>
    public void Put(ActiveJob job, int grantable, int running, DateTimeOffset waitingSince)
    {
        var waits = running == 0 && job.Phase is JobPhase.Queued or JobPhase.Planning or JobPhase.Running;
        var stages = job.Stages;
        Count(job.Id, new Entry(
            job.Owner ?? "", job.Priority, job.CreatedAt, waits, stages.Sum(stage => stage.Ready + stage.BackingOff),
            job.IsOpen
            ? stages.Sum(stage => stage.Ready)
            : 0, stages.Sum(stage => stage.Running), running * job.Resources.Cpu, running > 0,
            stages.Min(stage => stage.NextReadyAt), job.DeadlineAt));
        ready.Put(job, job.IsOpen && grantable > 0, waitingSince);
        if (waits)
        {
            waiting.Put(job, waitingSince);
        }
        else
        {
            waiting.Remove(job.Id);
        }

        if (job.Gang && job.IsOpen)
        {
            gangs.Add(job.Id);
        }
        else
        {
            gangs.Remove(job.Id);
        }
    }

    /// <summary>A job has ended.</summary>
    public void Remove(JobId job)
    {
        ready.Remove(entries.GetValueOrDefault(job)?.Owner ?? "", job);
        Count(job, null);
        waiting.Remove(job);
        gangs.Remove(job);
    }

    /// <summary>Jobs with tasks ready that are served before one.</summary>
    public int CountAhead(ActiveJob job, DateTimeOffset waitingSince) => ready.CountBefore(job, waitingSince);

    /// <summary>The place of a job among those that wait, from 1; null when it does not.</summary>
    public int? PositionOf(ActiveJob job, DateTimeOffset waitingSince) =>
        waiting.Contains(job.Id) ? waiting.CountBefore(job, waitingSince) + 1 : null;

    /// <summary>The place after a key, from 1, among the jobs that wait.</summary>
    public int PositionAfter(FairKey key) => waiting.CountUpTo(key) + 1;

    /// <summary>The key of a job that waits.</summary>
    public FairKey KeyOf(JobId job) => waiting.KeyOf(job);

    /// <summary>Jobs that wait, from a place on, which counts from 1.</summary>
    public IReadOnlyList<JobId> ListWaiting(int from, int count) =>
        [.. Enumerable.Range(from - 1, Math.Max(0, Math.Min(count, waiting.Count - from + 1))).Select(index => waiting[index])];

    /// <summary>What waits at each priority, the most urgent first.</summary>
    public IReadOnlyList<PriorityBacklog> Backlog(DateTimeOffset now) =>
    [
        .. levels.OrderByDescending(pair => pair.Key).Select(pair => new PriorityBacklog(
            pair.Key, pair.Value.Waiting.Count, pair.Value.Partitions,
            pair.Value.Waiting.Count == 0 ? 0 : (now - pair.Value.Waiting.Min.CreatedAt).TotalSeconds)),
    ];

    private void Count(JobId job, Entry? after)
    {
        var before = entries.GetValueOrDefault(job);
        if (before == after)
        {
            return;
        }

        Add(job, before, -1);
        Add(job, after, 1);
        if (after is null)
        {
            entries.Remove(job);
        }
        else
        {
            entries[job] = after;
        }
    }

    private void Add(JobId job, Entry? entry, int sign)
    {
        if (entry is null)
        {
            return;
        }

        var level = levels[entry.Priority];
        level.Partitions += sign * entry.Partitions;
        Ready += sign * entry.Ready;
        Running += sign * entry.Running;
        ready.CountBusy(entry.Owner, sign * entry.BusySlots);
        Keep(level.Waiting, entry.Waits ? entry.CreatedAt : null, job, sign);
        Keep(backingOff, entry.NextReadyAt, job, sign);
        Keep(deadlines, entry.DeadlineAt, job, sign);
        if (entry.IsAtWork && sign > 0)
        {
            atWork.Add(job);
        }
        else if (entry.IsAtWork)
        {
            atWork.Remove(job);
        }
    }

    private static void Keep(SortedSet<(DateTimeOffset, JobId)> set, DateTimeOffset? at, JobId job, int sign)
    {
        if (at is { } time && sign > 0)
        {
            set.Add((time, job));
        }
        else if (at is { } gone)
        {
            set.Remove((gone, job));
        }
    }
}
