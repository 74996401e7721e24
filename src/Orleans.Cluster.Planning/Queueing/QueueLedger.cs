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
/// bears the grant and the worker's next report have crossed. Grants to a gang are parts of a <see cref="GangReservation"/> first.
/// </remarks>
/// <param name="rise">After this long a job that waits is one level higher.</param>
/// <param name="gangBounds">Bounds of gangs.</param>
/// <param name="before">Grants have higher numbers than this: workers may still name those of an earlier ledger.</param>
public sealed class QueueLedger(TimeSpan rise, GangBounds gangBounds, long before = 0)
{
    private readonly Dictionary<WorkerId, WorkerSnapshot> workers = [];
    private readonly Dictionary<JobId, ActiveJob> jobs = [];
    private readonly Dictionary<WorkerId, long> lastReport = [];
    private readonly Dictionary<long, (Match Match, long Report)> underWay = [];
    private readonly Dictionary<JobId, DateTimeOffset> lastGrant = [];
    private readonly GangLedger gangs = new(gangBounds);
    private long lastNumber = before;
    private long lastNumberAtRead = before;

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

        foreach (var id in lastGrant.Keys.Where(id => !jobs.ContainsKey(id)).ToList())
        {
            lastGrant.Remove(id);
        }
    }

    /// <summary>Takes a worker's report.</summary>
    /// <param name="worker">What it offers and has left.</param>
    /// <param name="sequence">Number of the report; what is granted from now on answers it.</param>
    /// <param name="openGrants">Grants that the worker has received and not begun yet, those in <paramref name="held"/> among them.</param>
    /// <param name="unanswered">Earlier reports whose answer, and the grants in it, the worker had not received when it made this one.</param>
    /// <param name="held">Parts of gangs that it keeps free and has not been told to begin.</param>
    public void Report(
        WorkerSnapshot worker, long sequence, IReadOnlyCollection<long> openGrants, IReadOnlyCollection<long> unanswered, IReadOnlyCollection<long>? held = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        foreach (var (number, (match, report)) in underWay.Where(pair => pair.Value.Match.Worker == worker.Id && !openGrants.Contains(pair.Key)).ToList())
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

            underWay.Remove(number);
            gangs.Forget(number);
            Begun(match);
            MayKnowTooFew |= number <= lastNumberAtRead;
        }

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
        foreach (var number in underWay.Where(pair => pair.Value.Match.Worker == worker).Select(pair => pair.Key).ToList())
        {
            if (gangs.Find(number) is { } reservation)
            {
                reservation.Lose(number);
                GiveBackIfReserved(reservation);
            }

            underWay.Remove(number);
        }
    }

    /// <summary>Gives back reservations that took too long or whose job does not run any more, and finds gangs that have been short of a member for too long.</summary>
    public void ReviewGangs(DateTimeOffset now)
    {
        foreach (var reservation in gangs.All.Where(item => now > item.Until || !IsWanted(item.Stage)))
        {
            GiveBackIfReserved(reservation);
        }

        gangs.Review([.. Order(now).Where(job => job.Gang)], now);
    }

    /// <summary>Gangs whose workers all keep their part, each once: to begin now, and then <see cref="GangBegun"/> or <see cref="GangRefused"/>.</summary>
    public IReadOnlyList<GangBegin> TakeGangsToBegin() =>
    [
        .. gangs.All.Where(reservation => reservation.TryBegin()).Select(reservation => new GangBegin(
            reservation.Number, reservation.Stage.Job, reservation.Stage.Epoch, reservation.Stage.Stage,
            [.. reservation.Parts.Values.Select(match => (match.Worker, match.Count))])),
    ];

    /// <summary>A gang has begun: its attempts are in the database, all of them.</summary>
    public void GangBegun(long number, IEnumerable<(WorkerId Worker, AttemptId Attempt)> attempts) =>
        gangs.Find(number)?.Begun(attempts.ToLookup(item => item.Worker, item => item.Attempt), worker => !workers.ContainsKey(worker));

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
        var parts = gangs.All.SelectMany(reservation => reservation.Parts.Where(part => part.Value.Worker == worker).Select(part => (part.Key, reservation)));
        return new GangOrders(
            [.. parts.Select(part => (part.Key, Attempts: part.reservation.Tell(part.Key, held.Contains(part.Key))!)).Where(part => part.Attempts is not null)],
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

        var order = Order(now);
        var matches = Matchmaker.Apply(
            order, [.. waiting.Where(workers.ContainsKey).Select(id => workers[id])], [.. workers.Values],
            (job, stage) => StepOf(job, stage, now), job => gangs.MayReserve(job.Id, now));
        var granted = new List<(long Number, Match Match)>();
        foreach (var match in matches)
        {
            underWay[++lastNumber] = (match, lastReport[match.Worker]);
            workers[match.Worker] = workers[match.Worker].Take(match.Resources, match.Count);
            lastGrant[match.Job] = now;
            granted.Add((lastNumber, match));
        }

        foreach (var gang in granted.Where(grant => grant.Match.Together).GroupBy(grant => (grant.Match.Job, grant.Match.Stage)))
        {
            gangs.Open(gang.ToDictionary(grant => grant.Number, grant => grant.Match), now);
        }

        return granted;
    }

    /// <summary>A slot would stay empty until the next read, perhaps for nothing: one of the workers that wait for orders has it, and more may be ready than is known.</summary>
    public bool ShouldReadAgain(IReadOnlyCollection<WorkerId> waiting) =>
        MayKnowTooFew && workers.Values.Any(worker => worker is { IsOpen: true, FreeSlots: > 0 } && waiting.Contains(worker.Id));

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
        return WaitReason.Explain(WithUnderWay(job, TakenBySingles()), ahead, [.. workers.Values], Stopped);
    }

    /// <summary>The queue as a document.</summary>
    public QueueStatus Describe(DateTimeOffset now)
    {
        // Sorted once: with thousands of jobs that wait, a sort for each of them held up the whole queue.
        var ahead = new Dictionary<JobId, int>();
        var ready = 0;
        foreach (var job in Order(now))
        {
            ahead[job.Id] = ready;
            ready += job.Stages.Any(stage => stage.Ready > 0) ? 1 : 0;
        }

        var taken = TakenBySingles();
        WorkerSnapshot[] known = [.. workers.Values];
        var all = FairOrder.Sort(jobs.Values.Where(job => job.Phase is JobPhase.Queued or JobPhase.Planning or JobPhase.Running), WaitingSince, now, rise)
            .Select(job => WithUnderWay(job, taken))
            .Where(job => job.Stages.Sum(stage => stage.Running) == 0)
            .ToList();
        return new QueueStatus(
            [
                .. Enum.GetValues<JobPriority>().OrderDescending().Select(priority => new PriorityBacklog(
                    priority,
                    all.Count(job => job.Priority == priority),
                    jobs.Values.Where(job => job.Priority == priority).Sum(job => job.Stages.Sum(stage => stage.Ready + stage.BackingOff)),
                    all.Where(job => job.Priority == priority).Select(job => (now - job.CreatedAt).TotalSeconds).DefaultIfEmpty(0).Max())),
            ],
            [.. all.Select((job, index) => new WaitingJob(
                job.Id, job.Priority, index + 1, WaitReason.Explain(job, ahead.GetValueOrDefault(job.Id, ready), known, Stopped), job.CreatedAt))],
            jobs.Values.Sum(job => job.Stages.Sum(stage => stage.Running)),
            workers.Values.Sum(worker => worker.Slots),
            workers.Values.Sum(worker => worker.Slots - worker.FreeSlots));
    }

    // Slots that a job has been given and whose worker is just beginning are its own: it runs, and does not wait for them. Members of a gang
    // begin together or not at all, so theirs are only reserved.
    private ILookup<(JobId Job, int Epoch, int Stage), int> TakenBySingles() => underWay.Values.Select(grant => grant.Match)
        .Where(match => !match.Together).ToLookup(match => (match.Job, match.Epoch, match.Stage), match => match.Count);

    private static ActiveJob WithUnderWay(ActiveJob job, ILookup<(JobId Job, int Epoch, int Stage), int> taken) => taken.Count == 0 ? job : job with
    {
        Stages =
        [
            .. job.Stages.Select(stage => taken[(job.Id, job.Epoch, stage.Stage)].Sum() is > 0 and var begun
                ? stage with { Ready = Math.Max(0, stage.Ready - begun), Running = stage.Running + begun }
                : stage),
        ],
    };

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

    // While a grant of single members is under way, what is left of the stage is not all of it.
    private GangStep StepOf(ActiveJob job, StageBacklog stage, DateTimeOffset now)
    {
        var step = gangs.Step(job, stage, now);
        return step == GangStep.BeginTogether && underWay.Values.Any(grant => grant.Match.Job == job.Id && grant.Match.Stage == stage.Stage) ? GangStep.Wait : step;
    }

    private bool IsWanted(Match match) => jobs.TryGetValue(match.Job, out var job) && job.Phase == JobPhase.Running && job.Epoch == match.Epoch;

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
            underWay.Remove(part);
        }
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
}
