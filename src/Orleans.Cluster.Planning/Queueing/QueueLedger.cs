using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// What the queue remembers between reports: active jobs as the database last said, workers as they last said, and grants that are under
/// way. No clock and no I/O; all of it can be rebuilt from both sides. Not safe for several threads.
/// </summary>
/// <remarks>
/// A grant is under way from the match until the worker has received it and its reports no longer name it: then its tasks are
/// <c>RUNNING</c> in the database or were never begun. Until then they are taken out of what the database calls ready, so that a read
/// that was made before the worker began them does not grant them twice; and out of what the worker calls free, when the answer that
/// bears the grant and the worker's next report have crossed.
/// </remarks>
public sealed class QueueLedger(TimeSpan rise, TimeSpan gangReservation)
{
    private readonly Dictionary<WorkerId, WorkerSnapshot> workers = [];
    private readonly Dictionary<JobId, ActiveJob> jobs = [];
    private readonly Dictionary<WorkerId, long> lastReport = [];
    private readonly Dictionary<long, (Match Match, long Report)> underWay = [];
    private readonly Dictionary<JobId, DateTimeOffset> lastGrant = [];
    private readonly Dictionary<JobId, DateTimeOffset> gangSince = [];
    private long lastNumber;
    private long lastNumberAtRead;

    /// <summary>Workers that live.</summary>
    public IReadOnlyCollection<WorkerSnapshot> Workers => workers.Values;

    /// <summary>Jobs that have not ended.</summary>
    public IReadOnlyCollection<ActiveJob> Jobs => jobs.Values;

    /// <summary>Whether the database has been read at least once.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>
    /// More may be ready than is known: a grant that was under way at the last read has been begun, and whether the read saw that cannot be
    /// told. Its tasks were taken off to be safe; the next read says.
    /// </summary>
    public bool MayKnowTooFew { get; private set; }

    /// <summary>The cluster was stopped on request: nothing is granted.</summary>
    public bool Stopped { get; set; }

    /// <summary>Takes what the database says now in place of what it said before.</summary>
    public void Refresh(IReadOnlyList<ActiveJob> active)
    {
        ArgumentNullException.ThrowIfNull(active);
        IsLoaded = true;
        (MayKnowTooFew, lastNumberAtRead) = (false, lastNumber);
        jobs.Clear();
        foreach (var job in active)
        {
            jobs[job.Id] = job;
        }

        Forget(lastGrant);
        Forget(gangSince);
    }

    /// <summary>Takes a worker's report.</summary>
    /// <param name="worker">What it offers and has left.</param>
    /// <param name="sequence">Number of the report; what is granted from now on answers it.</param>
    /// <param name="openGrants">Grants that the worker has received and not begun yet.</param>
    /// <param name="unanswered">Earlier reports whose answer, and the grants in it, the worker had not received when it made this one.</param>
    public void Report(WorkerSnapshot worker, long sequence, IReadOnlyCollection<long> openGrants, IReadOnlyCollection<long> unanswered)
    {
        ArgumentNullException.ThrowIfNull(worker);
        foreach (var (number, (match, report)) in underWay.Where(pair => pair.Value.Match.Worker == worker.Id && !openGrants.Contains(pair.Key)).ToList())
        {
            if (unanswered.Contains(report))
            {
                worker = worker.Take(match.Resources, match.Count);
                continue;
            }

            underWay.Remove(number);
            Begun(match);
            MayKnowTooFew |= number <= lastNumberAtRead;
        }

        workers[worker.Id] = worker;
        lastReport[worker.Id] = sequence;
    }

    /// <summary>A worker gets nothing, and nothing is kept free on it, until it reports again.</summary>
    public void Suspend(WorkerId worker, string reason)
    {
        if (workers.TryGetValue(worker, out var known))
        {
            workers[worker] = known with { Unwell = reason };
        }
    }

    /// <summary>A worker is gone; its grants are void.</summary>
    public void Remove(WorkerId worker)
    {
        workers.Remove(worker);
        lastReport.Remove(worker);
        foreach (var number in underWay.Where(pair => pair.Value.Match.Worker == worker).Select(pair => pair.Key).ToList())
        {
            underWay.Remove(number);
        }
    }

    /// <summary>Matches, by number, for those of the workers that wait for orders.</summary>
    public IReadOnlyList<(long Number, Match Match)> Grant(IReadOnlyCollection<WorkerId> waiting, DateTimeOffset now)
    {
        if (Stopped || !IsLoaded || waiting.Count == 0)
        {
            return [];
        }

        var order = Order(now);
        var matches = Matchmaker.Apply(
            order, [.. waiting.Where(workers.ContainsKey).Select(id => workers[id])], [.. workers.Values], job => MayReserve(job, now));
        var granted = new List<(long, Match)>();
        foreach (var match in matches)
        {
            underWay[++lastNumber] = (match, lastReport[match.Worker]);
            workers[match.Worker] = workers[match.Worker].Take(match.Resources, match.Count);
            lastGrant[match.Job] = now;
            gangSince.Remove(match.Job);
            granted.Add((lastNumber, match));
        }

        return granted;
    }

    /// <summary>Of the attempts that a worker runs, those whose job runs no more.</summary>
    public IReadOnlyList<AttemptId> Unwanted(IReadOnlyCollection<AttemptId> running) => IsLoaded
        ? [.. running.Where(attempt => !jobs.TryGetValue(attempt.Task.Job, out var job) || job.Phase is JobPhase.Cancelling)]
        : [];

    /// <summary>Why a job waits; null when it is not known.</summary>
    public JobReason? Explain(JobId id, DateTimeOffset now)
    {
        if (!jobs.TryGetValue(id, out var job))
        {
            return null;
        }

        var ahead = Order(now).TakeWhile(other => other.Id != id).Count(other => other.Stages.Any(stage => stage.Ready > 0));
        return WaitReason.Explain(job, ahead, [.. workers.Values], Stopped);
    }

    /// <summary>The queue as a document.</summary>
    public QueueStatus Describe(DateTimeOffset now)
    {
        var order = Order(now);
        var waiting = jobs.Values.Where(job => job.Stages.Sum(stage => stage.Running) == 0 && job.Phase is JobPhase.Queued or JobPhase.Planning or JobPhase.Running);
        var ids = waiting.Select(job => job.Id).ToHashSet();
        var all = FairOrder.Sort(jobs.Values, WaitingSince, now, rise).Where(job => ids.Contains(job.Id)).ToList();
        return new QueueStatus(
            [
                .. Enum.GetValues<JobPriority>().OrderDescending().Select(priority => new PriorityBacklog(
                    priority,
                    all.Count(job => job.Priority == priority),
                    jobs.Values.Where(job => job.Priority == priority).Sum(job => job.Stages.Sum(stage => stage.Ready + stage.BackingOff)),
                    all.Where(job => job.Priority == priority).Select(job => (now - job.CreatedAt).TotalSeconds).DefaultIfEmpty(0).Max())),
            ],
            [.. all.Select((job, index) => new WaitingJob(job.Id, job.Priority, index + 1, Explain(job.Id, now)!, job.CreatedAt))],
            jobs.Values.Sum(job => job.Stages.Sum(stage => stage.Running)),
            workers.Values.Sum(worker => worker.Slots),
            workers.Values.Sum(worker => worker.Slots - worker.FreeSlots));
    }

    // Running jobs in fair order, with what is under way taken out of what is ready.
    private IReadOnlyList<ActiveJob> Order(DateTimeOffset now)
    {
        var taken = underWay.Values.Select(grant => grant.Match).ToLookup(match => (match.Job, match.Epoch, match.Stage), match => match.Count);
        var running = jobs.Values.Where(job => job.Phase == JobPhase.Running).Select(job => job with
        {
            Stages = [.. job.Stages.Select(stage => stage with { Ready = Math.Max(0, stage.Ready - taken[(job.Id, job.Epoch, stage.Stage)].Sum()) })],
        });
        return FairOrder.Sort(running, WaitingSince, now, rise);
    }

    private DateTimeOffset WaitingSince(ActiveJob job) => lastGrant.TryGetValue(job.Id, out var at) && at > job.CreatedAt ? at : job.CreatedAt;

    private bool MayReserve(ActiveJob job, DateTimeOffset now)
    {
        if (!gangSince.TryGetValue(job.Id, out var since))
        {
            gangSince[job.Id] = since = now;
        }

        // After its turn others get one as long, then it may try again.
        var turns = (int)((now - since) / gangReservation);
        return turns % 2 == 0;
    }

    // What a worker has begun is no longer ready, whatever a read of the database from before says; the next read puts it right.
    private void Begun(Match match)
    {
        if (jobs.TryGetValue(match.Job, out var job) && job.Epoch == match.Epoch)
        {
            jobs[match.Job] = job with
            {
                Stages = [.. job.Stages.Select(stage => stage.Stage == match.Stage
                    ? stage with { Ready = Math.Max(0, stage.Ready - match.Count), Running = stage.Running + match.Count }
                    : stage)],
            };
        }
    }

    private void Forget(Dictionary<JobId, DateTimeOffset> times)
    {
        foreach (var id in times.Keys.Where(id => !jobs.ContainsKey(id)).ToList())
        {
            times.Remove(id);
        }
    }
}
