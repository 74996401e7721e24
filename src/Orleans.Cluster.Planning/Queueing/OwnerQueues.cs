using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Jobs with tasks ready, by owner, and who is next: the highest level first; within a level the owner of whose jobs the fewest
/// slots are busy, so that one caller's thousand jobs do not keep another's only one waiting; of an owner's jobs the oldest. Jobs
/// of nobody have one owner.
/// </summary>
internal sealed class OwnerQueues(TimeSpan rise)
{
    private readonly Dictionary<string, FairList> ready = [];
    private readonly Dictionary<string, int> busy = [];
    private long comparisons;

    /// <summary>Owners of whose jobs tasks are ready.</summary>
    public int Count => ready.Count;

    /// <summary>Places compared since it was made.</summary>
    public long Comparisons => comparisons + ready.Values.Sum(list => list.Comparisons);

    /// <summary>Puts a job where it belongs, or takes it off when nothing of it is ready.</summary>
    public void Put(ActiveJob job, bool isReady, DateTimeOffset waitingSince)
    {
        var owner = job.Owner ?? "";
        if (isReady)
        {
            (ready.TryGetValue(owner, out var list) ? list : ready[owner] = new FairList(rise)).Put(job, waitingSince);
        }
        else
        {
            Remove(owner, job.Id);
        }
    }

    /// <summary>Takes a job off.</summary>
    public void Remove(string owner, JobId job)
    {
        if (ready.TryGetValue(owner, out var list))
        {
            list.Remove(job);
            if (list.Count == 0)
            {
                comparisons += list.Comparisons;
                ready.Remove(owner);
            }
        }
    }

    /// <summary>Counts slots that an owner's jobs have or give back.</summary>
    public void CountBusy(string owner, int slots)
    {
        var now = busy.GetValueOrDefault(owner) + slots;
        if (now == 0)
        {
            busy.Remove(owner);
        }
        else
        {
            busy[owner] = now;
        }
    }

    /// <summary>Lets the time pass.</summary>
    public void Advance(DateTimeOffset now)
    {
        foreach (var list in ready.Values)
        {
            list.Advance(now);
        }
    }

    /// <summary>Jobs that come before one in the order of level and age, whoever's they are.</summary>
    public int CountBefore(ActiveJob job, DateTimeOffset waitingSince) =>
        ready.Values.Sum(list => list.CountBefore(job, waitingSince));

    /// <summary>Turns, one after the other; what is taken in one counts for who has the next.</summary>
    /// <param name="find">A job as it is now; asked when its turn comes.</param>
    public IEnumerable<Turn> InTurns(Func<JobId, ActiveJob> find)
    {
        var heads = ready.Select(pair => new Head(pair.Value, busy.GetValueOrDefault(pair.Key))).ToList();
        while (heads.Count > 0)
        {
            var head = heads.Count == 1 ? heads[0] : heads.Min()!;
            var job = head.Job ?? find(head.Key.Job);
            var rivals = heads.Where(other => other != head && other.Key.Level == head.Key.Level)
                .Select(other => other.Busy).ToList();
            var most = rivals.Count == 0
                ? int.MaxValue
                : Math.Max(1, (rivals.Min() - head.Busy + job.Resources.Cpu) / Math.Max(1, job.Resources.Cpu));
            var turn = new Turn(job, most, head.Job is null);
            yield return turn;
            head.Busy += turn.Taken * job.Resources.Cpu;
            if (turn.Taken > 0 && !job.Gang && turn.Job.Stages.Any(stage => stage.Ready > 0))
            {
                head.Job = turn.Job;
            }
            else if (!head.TryNext())
            {
                heads.Remove(head);
            }
        }
    }

    // An owner's next job.
    private sealed class Head(FairList list, int busy) : IComparable<Head>
    {
        private int at;

        public FairKey Key { get; private set; } = list.KeyAt(0);

        public int Busy { get; set; } = busy;

        // What is left of the job that had a turn before; null for one that has had none.
        public ActiveJob? Job { get; set; }

        public bool TryNext()
        {
            Job = null;
            at++;
            if (at < list.Count)
            {
                Key = list.KeyAt(at);
            }

            return at < list.Count;
        }

        public int CompareTo(Head? other)
        {
            var order = other!.Key.Level.CompareTo(Key.Level);
            order = order != 0 ? order : Busy.CompareTo(other.Busy);
            order = order != 0 ? order : Key.CreatedAt.CompareTo(other.Key.CreatedAt);
            return order != 0 ? order : Key.Job.CompareTo(other.Key.Job);
        }
    }
}
