using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// What the queue remembers between reports: active jobs as the database last said, workers as they last said, and grants that
/// are under way. No clock and no I/O; all of it can be rebuilt from both sides. Not safe for several threads.
/// </summary>
/// <remarks>
/// A grant is under way from the match until the worker has received it and its reports no longer name it: then its tasks are
/// <c>RUNNING</c> in the database or were never begun. Until then they are taken out of what the database calls ready, so that a
/// read that was made before the worker began them does not grant them twice; and out of what the worker calls free, when the
/// answer that bears the grant and the worker's next report have crossed. Grants to a gang are parts of a
/// <see cref="GangReservation"/> first.
/// </remarks>
/// <param name="rise">After this long a job that waits is one level higher.</param>
/// <param name="gangBounds">Bounds of gangs.</param>
/// <param name="before">Grants have higher numbers than this: workers may still name those of an earlier ledger.</param>
public sealed class QueueLedger(TimeSpan rise, GangBounds gangBounds, long before = 0)
{
    private readonly Dictionary<WorkerId, WorkerSnapshot> workers = [];
    private readonly QueueJobs jobs = new(rise);
    private readonly Dictionary<WorkerId, long> lastReport = [];
    private readonly GangLedger gangs = new(gangBounds);
    private readonly Dictionary<JobId, long> lastNumberAtRead = [];
    private readonly HashSet<JobId> knownTooLow = [];
    private long lastNumber = before;
    private long lastNumberAtFullRead = before;

    /// <summary>Workers that live.</summary>
    public IReadOnlyCollection<WorkerSnapshot> Workers => workers.Values;

    /// <summary>Jobs that have not ended, by their id.</summary>
    public IReadOnlyDictionary<JobId, ActiveJob> ById => jobs.ById;

    /// <summary>Jobs that have not ended.</summary>
    public IEnumerable<ActiveJob> Jobs => jobs.ById.Values;

    /// <summary>Whether the database has been read at least once.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>
    /// Jobs of which more may be ready than is known: a grant that was under way at the last read has been begun, and whether the
    /// read saw that cannot be told. Its tasks were taken off to be safe; the next read says.
    /// </summary>
    public IReadOnlyCollection<JobId> KnownTooLow => knownTooLow;

    /// <summary>Jobs looked at and places compared since it was made: what it costs, whatever the machine.</summary>
    public long Work => jobs.Work;

    /// <summary>Partitions of open jobs that only wait for a slot.</summary>
    public int Ready => jobs.Index.Ready;

    /// <summary>Partitions that run.</summary>
    public int Running => jobs.Index.Running;

    /// <summary>Open jobs that are gangs.</summary>
    public IEnumerable<ActiveJob> Gangs => jobs.Index.Gangs.Select(id => jobs.ById[id]);

    /// <summary>When a partition that backs off becomes ready next, and of which job; null for never.</summary>
    public (DateTimeOffset At, JobId Job)? NextReady => jobs.Index.NextReady;

    /// <summary>The cluster was stopped on request: nothing is granted.</summary>
    public bool Stopped { get; set; }

    /// <summary>Takes what the database says now of all jobs in place of what it said before.</summary>
    public void Refresh(IReadOnlyList<ActiveJob> active)
    {
        ArgumentNullException.ThrowIfNull(active);
        IsLoaded = true;
        lastNumberAtFullRead = lastNumber;
        lastNumberAtRead.Clear();
        knownTooLow.Clear();
        var present = active.Select(job => job.Id).ToHashSet();
        foreach (var id in jobs.ById.Keys.Where(id => !present.Contains(id)).ToList())
        {
            jobs.Drop(id);
        }

        foreach (var job in active)
        {
            jobs.Take(job);
        }
    }

    /// <summary>Takes what it says of some jobs; those that are asked for and not answered have ended.</summary>
    public void Refresh(IReadOnlyCollection<JobId> asked, IReadOnlyList<ActiveJob> active)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(active);
        var present = active.Select(job => job.Id).ToHashSet();
        foreach (var id in asked)
        {
            lastNumberAtRead[id] = lastNumber;
            knownTooLow.Remove(id);
            if (!present.Contains(id))
            {
                jobs.Drop(id);
                lastNumberAtRead.Remove(id);
            }
        }

        foreach (var job in active)
        {
            jobs.Take(job);
        }
    }

    /// <summary>Takes a worker's report.</summary>
    /// <param name="worker">What it offers and has left.</param>
    /// <param name="sequence">Number of the report; what is granted from now on answers it.</param>
    /// <param name="openGrants">
    /// Grants that the worker has received and not begun yet, those in <paramref name="held"/> among them.
    /// </param>
    /// <param name="unanswered">
    /// Earlier reports whose answer, and the grants in it, the worker had not received when it made this one.
    /// </param>
    /// <param name="held">Parts of gangs that it keeps free and has not been told to begin.</param>
    /// <param name="running">Attempts that it runs.</param>
    public void Report(
        WorkerSnapshot worker, long sequence, IReadOnlyCollection<long> openGrants, IReadOnlyCollection<long> unanswered,
        IReadOnlyCollection<long>? held = null, IReadOnlyCollection<AttemptId>? running = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        foreach (var (number, match, report) in jobs.UnderWay.Of(worker.Id).Where(grant => !openGrants.Contains(grant.Number)))
        {
            if (unanswered.Contains(report))
            {
                worker = worker.Take(match.Resources, match.Count);
                continue;
            }

            if (gangs.Find(number) is { } reservation && !reservation.IsTold(number))
            {
                // It could not keep its part, or will not. What begins just now is for the worker to give back when it is told.
                GiveBackIfReserved(reservation);
                continue;
            }

            gangs.Forget(number);
            if (number <= lastNumberAtRead.GetValueOrDefault(match.Job, lastNumberAtFullRead))
            {
                knownTooLow.Add(match.Job);
            }

            jobs.Begun(number, match);
        }

        jobs.Report(worker.Id, running ?? []);

        foreach (var part in held ?? [])
        {
            gangs.Find(part)?.Hold(part);
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
        jobs.Report(worker, []);
        foreach (var (number, _, _) in jobs.UnderWay.Of(worker))
        {
            if (gangs.Find(number) is { } reservation)
            {
                reservation.Lose(number);
                GiveBackIfReserved(reservation);
            }

            jobs.EndGrant(number);
        }
    }

    /// <summary>
    /// Gives back reservations that took too long or whose job does not run any more, and finds gangs that have been short of a
    /// member for too long.
    /// </summary>
    public void ReviewGangs(DateTimeOffset now)
    {
        foreach (var reservation in gangs.All.Where(item => now > item.Until || !IsWanted(item.Stage)))
        {
            GiveBackIfReserved(reservation);
        }

        gangs.Review([.. Gangs.Select(jobs.WithoutTaken)], now);
    }

    /// <summary>
    /// Gangs whose workers all keep their part, each once: to begin now, and then <see cref="GangBegun"/> or
    /// <see cref="GangRefused"/>.
    /// </summary>
    public IReadOnlyList<GangBegin> TakeGangsToBegin() =>
    [
        .. gangs.All.Where(reservation => reservation.TryBegin()).Select(reservation => new GangBegin(
            reservation.Number, reservation.Stage.Job, reservation.Stage.Epoch, reservation.Stage.Stage,
            [.. reservation.Parts.Values.Select(match => (match.Worker, match.Count))])),
    ];

    /// <summary>A gang has begun: its attempts are in the database, all of them.</summary>
    public void GangBegun(long number, IEnumerable<(WorkerId Worker, AttemptId Attempt)> attempts) =>
        gangs.Find(number)?.Begun(
            attempts.ToLookup(item => item.Worker, item => item.Attempt), worker => !workers.ContainsKey(worker));

    /// <summary>A gang could not begin, or nobody knows whether it did: its workers drop their parts.</summary>
    public void GangRefused(long number)
    {
        if (gangs.Find(number) is { } reservation)
        {
            GiveBack(reservation);
        }
    }

    /// <summary>What to tell a worker of gangs now.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="held">Parts that it keeps free, as it last said.</param>
    /// <param name="running">What it runs.</param>
    public GangOrders OrdersFor(WorkerId worker, IReadOnlyCollection<long> held, IReadOnlyCollection<AttemptId> running)
    {
        var parts = gangs.All.SelectMany(reservation => reservation.Parts.Where(part => part.Value.Worker == worker)
            .Select(part => (part.Key, reservation)));
        return new GangOrders(
            [.. parts.Select(part => (part.Key, Attempts: part.reservation.Tell(part.Key, held.Contains(part.Key))!))
                .Where(part => part.Attempts is not null)],
            [.. held.Where(part => gangs.Find(part) is null)],
            gangs.ToGiveBack(running));
    }

    /// <summary>Matches, by number, for those of the workers that wait for orders.</summary>
    public IReadOnlyList<(long Number, Match Match)> Grant(IReadOnlyCollection<WorkerId> waiting, DateTimeOffset now)
    {
        if (Stopped || !IsLoaded || waiting.Count == 0)
        {
            return [];
        }

        jobs.Index.Advance(now);
        var matches = Matchmaker.Apply(
            jobs.InTurns(), [.. waiting.Where(workers.ContainsKey).Select(id => workers[id])], [.. workers.Values],
            (job, stage) => StepOf(job, stage, now), job => gangs.MayReserve(job.Id, now));
        var granted = new List<(long Number, Match Match)>();
        foreach (var match in matches)
        {
            jobs.BeginGrant(++lastNumber, match, lastReport[match.Worker], now);
            workers[match.Worker] = workers[match.Worker].Take(match.Resources, match.Count);
            granted.Add((lastNumber, match));
        }

        foreach (var gang in granted.Where(grant => grant.Match.Together).GroupBy(grant => (grant.Match.Job, grant.Match.Stage)))
        {
            gangs.Open(gang.ToDictionary(grant => grant.Number, grant => grant.Match), now);
        }

        return granted;
    }

    /// <summary>
    /// A slot would stay empty until the next read, perhaps for nothing: one of the workers that wait for orders has it, and more
    /// may be ready than is known.
    /// </summary>
    public bool ShouldReadAgain(IReadOnlyCollection<WorkerId> waiting) =>
        knownTooLow.Count > 0
        && workers.Values.Any(worker => worker is { IsOpen: true, FreeSlots: > 0 } && waiting.Contains(worker.Id));

    /// <summary>Of the attempts that a worker runs, those whose job runs no more.</summary>
    public IReadOnlyList<AttemptId> Unwanted(IReadOnlyCollection<AttemptId> running) => IsLoaded
        ? [.. running.Where(attempt => !jobs.ById.TryGetValue(attempt.Task.Job, out var job) || job.Phase is JobPhase.Cancelling)]
        : [];

    /// <summary>Why a job waits; null when it is not known.</summary>
    public JobReason? Explain(JobId id, DateTimeOffset now)
    {
        jobs.Index.Advance(now);
        return jobs.ById.TryGetValue(id, out var job) ? Explain(job) : null;
    }

    /// <summary>The queue as a document, with a part of the jobs that wait.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="size">How many of them, at most.</param>
    /// <param name="after">Where the part before ended; from the first when null.</param>
    /// <param name="only">Those that the reader may see; all when null.</param>
    public QueueStatus Describe(
        DateTimeOffset now, int size = 500, FairKey? after = null, IReadOnlyCollection<JobId>? only = null)
    {
        jobs.Index.Advance(now);
        var first = after is { } key ? jobs.Index.PositionAfter(key) : 1;
        var (shown, isAll) = only is null ? Part(first, size) : PartOf(only, first, size);
        return new QueueStatus(
            jobs.Index.Backlog(now), [.. shown.Select(item => Waiting(jobs.ById[item.Job], item.Position))], jobs.Index.Running,
            workers.Values.Sum(worker => worker.Slots), workers.Values.Sum(worker => worker.Slots - worker.FreeSlots))
        {
            NextPageToken = isAll || shown.Count == 0 ? null : jobs.Index.KeyOf(shown[^1].Job).ToToken(),
        };
    }

    /// <summary>What waits at each priority.</summary>
    public IReadOnlyList<PriorityBacklog> Backlog(DateTimeOffset now) => jobs.Index.Backlog(now);

    /// <summary>Jobs that have to be woken for what has changed since it was last asked; see <see cref="WakeList"/>.</summary>
    public IReadOnlyList<JobId> TakeWoken(WakeList wakes, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(wakes);
        return wakes.Take(jobs.TakeChanged(now), jobs.ById, now, everyone: false);
    }

    /// <summary>Jobs of which something runs, or was granted since a time.</summary>
    public IReadOnlyList<JobId> AtWork(DateTimeOffset since) => jobs.AtWork(since);

    private (IReadOnlyList<(JobId Job, int Position)> Shown, bool IsAll) Part(int first, int size)
    {
        var listed = jobs.Index.ListWaiting(first, size + 1);
        return ([.. listed.Take(size).Select((id, offset) => (id, first + offset))], listed.Count <= size);
    }

    private (IReadOnlyList<(JobId Job, int Position)> Shown, bool IsAll) PartOf(
        IReadOnlyCollection<JobId> only, int first, int size)
    {
        var mine = only.Select(id => (Job: id, Position: jobs.PositionOf(id) ?? 0))
            .Where(item => item.Position >= first).OrderBy(item => item.Position).ToList();
        return ([.. mine.Take(size)], mine.Count <= size);
    }

    private WaitingJob Waiting(ActiveJob job, int position) => new(job.Id, job.Priority, position, Explain(job), job.CreatedAt);

    private JobReason Explain(ActiveJob job) =>
        WaitReason.Explain(job, jobs.RunningOf(job), jobs.CountAhead(job), workers.Values, Stopped, jobs.Index.Callers);

    // While a grant of single members is under way, what is left of the stage is not all of it.
    private GangStep StepOf(ActiveJob job, StageBacklog stage, DateTimeOffset now)
    {
        var step = gangs.Step(job, stage, now);
        return step == GangStep.BeginTogether && jobs.UnderWay.Taken(job.Id, job.Epoch, stage.Stage) > 0 ? GangStep.Wait : step;
    }

    private bool IsWanted(Match match) => jobs.ById.TryGetValue(match.Job, out var job) && job.IsOpen && job.Epoch == match.Epoch;

    private void GiveBackIfReserved(GangReservation reservation)
    {
        if (reservation.Phase == GangPhase.Reserved)
        {
            GiveBack(reservation);
        }
    }

    private void GiveBack(GangReservation reservation)
    {
        gangs.Forget(reservation);
        foreach (var part in reservation.Parts.Keys)
        {
            jobs.EndGrant(part);
        }
    }
}
