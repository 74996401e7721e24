using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Queueing;

/// <summary>
/// Orders all waiting work and hands it to the workers that ask. What decides is <see cref="QueueLedger"/>; this grain feeds it: reports of
/// workers, the job rows, membership and the clock.
/// </summary>
[Reentrant]
internal sealed partial class QueueGrain(
    IJobStore jobs,
    ICheckpointStore checkpoints,
    IClusterMembershipService membership,
    IOptions<QueueOptions> options,
    TimeProvider clock,
    ILogger<QueueGrain> logger) : Grain, IQueueGrain
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WakePeriod = TimeSpan.FromSeconds(10);

    // While nothing runs as far as is known, what an unknown worker may hold is not looked for twice a second.
    private static readonly TimeSpan IdleReleasePeriod = TimeSpan.FromSeconds(5);

    // Longer than two of the periods of whoever records figures.
    private static readonly TimeSpan AtWorkSpan = TimeSpan.FromSeconds(30);

    // Numbers of grants begin at the clock, so that none is given twice by two activations.
    private readonly QueueLedger ledger = new(
        options.Value.PriorityRise, new GangBounds(options.Value.GangTurn, options.Value.GangConfirmation, options.Value.GangReplacement), clock.GetUtcNow().UtcTicks);
    private readonly WorkerRoster roster = new(options.Value.ReportHold, options.Value.LeaseDuration);
    private readonly PartitionPace pace = new();
    private readonly HashSet<WorkerId> drained = [];
    private readonly WakeList wakes = new();
    private Attention attention = null!;
    private QueueReader reader = null!;
    private DateTimeOffset nextWake;
    private DateTimeOffset nextRelease;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        attention = new Attention(clock.GetUtcNow(), options.Value.LeaseDuration / 2);
        reader = new QueueReader(jobs, ledger, options.Value.RefreshInterval, clock, Refreshed);
        this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(TimeSpan.Zero, TickPeriod) { KeepAlive = true, Interleave = true });
        Log.Activated(logger);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        roster.ReleaseAll();
        return Task.CompletedTask;
    }

    public Task<WorkerOrders> Report(WorkerReport report)
    {
        attention.Note(clock.GetUtcNow());
        pace.Note(report.Worker, report.Running, clock.GetUtcNow());
        if (!roster.TryTake(report, clock.GetUtcNow(), out var changed))
        {
            return Task.FromResult(new WorkerOrders());
        }

        ledger.Report(Snapshot(report), report.Sequence, report.OpenGrants, report.Unanswered, report.Held, report.Running);
        reader.Note(changed);

        if (GangOrdersFor(report) is { } gangOrders)
        {
            return Task.FromResult(gangOrders);
        }

        BeginGangs();
        var held = roster.Hold(report.Worker, report.Sequence, clock.GetUtcNow() + options.Value.ReportHold);
        GrantAll();
        if (ledger.ShouldReadAgain(roster.Waiting))
        {
            reader.Read(ledger.KnownTooLow);
        }

        return held;
    }

    public Task Poke(JobId job)
    {
        reader.Read([job]);
        return Task.CompletedTask;
    }

    public Task<JobReason?> Explain(JobId job) => Task.FromResult(ledger.Explain(job, clock.GetUtcNow()));

    public Task<QueueStatus> Describe() => Task.FromResult(ledger.Describe(clock.GetUtcNow()));

    public Task<QueueStatus> DescribePage(QueuePage page) => Task.FromResult(ledger.Describe(
        clock.GetUtcNow(), page.Size, page.After is { } token ? FairKey.FromToken(token) : null, page.Only));

    public Task<QueueFigures> Measure() => Task.FromResult(new QueueFigures(
        ledger.Backlog(clock.GetUtcNow()), ledger.ById.Count, ledger.Running, ledger.AtWork(clock.GetUtcNow() - AtWorkSpan)));

    public Task<bool> Ping() => Task.FromResult(ledger.IsLoaded);

    public Task<IReadOnlyList<WorkerStatus>> ListWorkers() => Task.FromResult(roster.Describe(clock.GetUtcNow(), drained));

    public Task<QueueLoad> MeasureLoad() => Task.FromResult(new QueueLoad(
        ledger.Ready,
        ledger.Workers.Sum(worker => worker.Slots - worker.FreeSlots),
        pace.MeanSeconds,
        [
            .. from job in ledger.Gangs
               from stage in job.Stages
               where stage.Ready > 0
               select new GangLoad(GangPolicy.Width(stage), job.Resources),
        ]));

    // Said again and again by the reconciler, so that a new activation hears of it: only a change is worth anything.
    public Task Drain(IReadOnlyList<WorkerId> workers)
    {
        if (drained.SetEquals(workers))
        {
            return Task.CompletedTask;
        }

        drained.Clear();
        drained.UnionWith(workers);
        roster.ReleaseAll();
        return Task.CompletedTask;
    }

    public Task SetStopped(bool stopped)
    {
        if (ledger.Stopped != stopped)
        {
            ledger.Stopped = stopped;
            GrantAll();
        }

        return Task.CompletedTask;
    }

    private WorkerSnapshot Snapshot(WorkerReport report) => new(
        report.Worker, report.Slots, report.MemoryBytes, report.Gpus,
        report.Slots - report.BusySlots, report.MemoryBytes - report.BusyMemoryBytes, report.Gpus - report.BusyGpus,
        report.Draining || drained.Contains(report.Worker), report.Unwell);

    private void GrantAll()
    {
        foreach (var group in ledger.Grant(roster.Waiting, clock.GetUtcNow()).GroupBy(grant => grant.Match.Worker))
        {
            var grants = group.Select(grant => new Grant(
                grant.Number, grant.Match.Job, grant.Match.Epoch, grant.Match.Stage, grant.Match.Count, grant.Match.Resources, grant.Match.Together));
            roster.Answer(group.Key, new WorkerOrders { Grants = [.. grants], Drain = drained.Contains(group.Key) });
        }
    }

    // What a worker has to do before it may be given anything; null when that is nothing.
    private WorkerOrders? GangOrdersFor(WorkerReport report)
    {
        var cancels = ledger.Unwanted(report.Running);
        var gangs = ledger.OrdersFor(report.Worker, report.Held, report.Running);
        return cancels.Count == 0 && gangs.IsEmpty
            ? null
            : new WorkerOrders
            {
                Cancels = cancels,
                Go = [.. gangs.Go.Select(part => new GangGo(part.Number, part.Attempts))],
                Drop = gangs.Drop,
                GiveBack = gangs.GiveBack,
                Drain = drained.Contains(report.Worker),
            };
    }

    private void BeginGangs()
    {
        foreach (var gang in ledger.TakeGangsToBegin())
        {
            Begin(gang).Ignore();
        }
    }

    private async Task Begin(GangBegin gang)
    {
        try
        {
            var begun = await checkpoints.BeginGang(gang, clock.GetUtcNow(), CancellationToken.None);
            if (begun.Count > 0)
            {
                ledger.GangBegun(gang.Number, begun);
            }
            else
            {
                ledger.GangRefused(gang.Number);
            }
        }
        catch (Exception exception)
        {
            // Nobody knows whether it has begun. If so, its workers find attempts under their names that they do not run, and give them back.
            Log.GangNotBegun(logger, exception, gang.Job, gang.Stage);
            ledger.GangRefused(gang.Number);
        }

        SendGangOrders();
        reader.Read([gang.Job]);
    }

    private async Task Tick(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        attention.Note(now);
        ledger.ReviewGangs(now);
        SendGangOrders();
        roster.ReleaseOverdue(now, drained);
        foreach (var (worker, reason) in roster.Silent(now))
        {
            ledger.Suspend(worker, reason);
        }

        try
        {
            await reader.ReadDue();
            if (now >= nextRelease)
            {
                nextRelease = now + (ledger.Running > 0 ? TimeSpan.Zero : IdleReleasePeriod);
                await ReleaseLost(now, cancellationToken);
            }
        }
        catch (StorageUnavailableException exception)
        {
            // What is known stays in force; nothing is granted that the database would not confirm at begin.
            Log.StorageAway(logger, exception);
        }

        WakeJobs(everyone: now >= nextWake);
        nextWake = now >= nextWake ? now + WakePeriod : nextWake;
    }

    // What was read may free a grant, end a gang or wake a job.
    private void Refreshed()
    {
        SendGangOrders();
        GrantAll();
        WakeJobs(everyone: false);
    }

    private void SendGangOrders()
    {
        foreach (var report in roster.Held)
        {
            if (GangOrdersFor(report) is { } gangOrders)
            {
                roster.Answer(report.Worker, gangOrders);
            }
        }
    }

    // A worker is lost when membership says that its silo is gone, or when it has not reported for a lease. What it ran waits again at once:
    // its late commits are fenced. Only what is being cancelled waits until its executors must have ended themselves, since CANCELLED says
    // that no process works for the job.
    private async Task ReleaseLost(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var worker in roster.Known)
        {
            if (WhyLost(worker, now) is { } why)
            {
                roster.MarkDead(worker, why, now);
                pace.Forget(worker);
                ledger.Remove(worker);
            }
        }

        foreach (var (holder, count) in await checkpoints.ListHolders(cancellationToken))
        {
            var why = WhyLost(holder, now);
            var mayStillCompute = MayStillCompute(holder, now);
            if (why is not null || !mayStillCompute)
            {
                await ReleaseFrom(holder, why, mayStillCompute, count, cancellationToken);
            }
        }
    }

    private async Task ReleaseFrom(WorkerId holder, string? why, bool mayStillCompute, int count, CancellationToken cancellationToken)
    {
        var cancelling = ledger.Jobs.Where(job => job.Phase == JobPhase.Cancelling).Select(job => job.Id).ToHashSet();
        var held = (await checkpoints.ListHeld(holder, cancellationToken))
            .Where(attempt => cancelling.Contains(attempt.Task.Job) ? !mayStillCompute : why is not null)
            .ToList();
        var released = held.Count == 0
            ? []
            : await checkpoints.Release(new WorkerRelease(holder, held, clock.GetUtcNow(), HasDied(holder)), cancellationToken);
        if (released.Count > 0)
        {
            Log.WorkerLost(logger, holder, why ?? "It is silent, and its executors have passed their deadline.", released.Count, count);
            foreach (var job in released.Select(attempt => attempt.Task.Job).Distinct())
            {
                GrainFactory.GetGrain<IJobGrain>(GrainKeys.Job(job)).Wake().Ignore();
            }

            reader.Read(released.Select(attempt => attempt.Task.Job));
        }
    }

    // One that was heard of here, did not leave in order, and is dead to membership: its process ended while it ran something. What was lost
    // with everything, this silo too, is nobody's fault, and so is silence alone.
    private bool HasDied(WorkerId worker) => WorkerIds.TryGetSilo(worker, out var silo)
        && membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Dead && roster.WasAtWork(worker) && !drained.Contains(worker);

    // A worker renews its executors for a lease after the last report that was answered, and they live at most their deadline longer. One that was
    // never heard of here and is in no membership table is of an earlier run, whose processes end with it.
    private bool MayStillCompute(WorkerId worker, DateTimeOffset now)
    {
        if (roster.LastSeen(worker) is { } heard)
        {
            return now - heard <= options.Value.LeaseDuration + options.Value.ExecutorDeadline + options.Value.ReportHold + TickPeriod;
        }

        return WhyLost(worker, now) is null;
    }

    private string? WhyLost(WorkerId worker, DateTimeOffset now)
    {
        if (WorkerIds.TryGetSilo(worker, out var silo))
        {
            var status = membership.CurrentSnapshot.GetSiloStatus(silo);

            // Unknown to membership: of an earlier run, unless it has just joined and its report was faster than the news of it.
            if (status is SiloStatus.Dead || (status is SiloStatus.None && roster.LastSeen(worker) is null && now - attention.Since > TickPeriod))
            {
                return "Its silo has left the cluster.";
            }
        }

        return attention.SilenceOf(roster.LastSeen(worker), now) > options.Value.LeaseDuration ? $"It has not reported for {options.Value.LeaseDuration.TotalSeconds:0} s." : null;
    }

    // Brings job grains back that went with their silo, and those whose wait is over; each reads its row and goes on.
    private void WakeJobs(bool everyone)
    {
        var now = clock.GetUtcNow();
        foreach (var job in everyone ? wakes.Take(ledger.Jobs, ledger.ById, now, everyone) : ledger.TakeWoken(wakes, now))
        {
            GrainFactory.GetGrain<IJobGrain>(GrainKeys.Job(job)).Wake().Ignore();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 200, Level = LogLevel.Information, Message = "The queue is active here.")]
        public static partial void Activated(ILogger logger);

        [LoggerMessage(EventId = 201, Level = LogLevel.Warning, Message = "Worker {Worker} is lost: {Why} {Released} of {Held} attempts wait again.")]
        public static partial void WorkerLost(ILogger logger, WorkerId worker, string why, int released, int held);

        [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "The database does not answer; the queue goes on with what it knows.")]
        public static partial void StorageAway(ILogger logger, Exception exception);

        [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "The gang of stage {Stage} of job {Job} could not begin, and tries again.")]
        public static partial void GangNotBegun(ILogger logger, Exception exception, JobId job, int stage);
    }
}
