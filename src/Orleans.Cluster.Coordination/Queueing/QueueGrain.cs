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
/// Orders all waiting work and hands it to the workers that ask. What decides is <see cref="QueueLedger"/>; this grain feeds it:
/// reports of workers, the job rows, membership and the clock.
/// </summary>
[Reentrant]
internal sealed partial class QueueGrain(
    IJobStore jobs,
    ICheckpointStore checkpoints, IClusterMembershipService membership,
    IOptions<QueueOptions> options, TimeProvider clock,
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
        options.Value.PriorityRise,
        new GangBounds(options.Value.GangTurn, options.Value.GangConfirmation, options.Value.GangReplacement),
        clock.GetUtcNow().UtcTicks);
    private readonly WorkerRoster roster = new(options.Value.ReportHold, options.Value.LeaseDuration);
    private readonly PartitionPace pace = new();
    private readonly WakeList wakes = new();
    private Attention attention = null!;
    private QueueReader reader = null!;
    private QueueAnswers answers = null!;
    private LostWorkers lost = null!;
    private DateTimeOffset nextWake;
    private DateTimeOffset nextRelease;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        attention = new Attention(clock.GetUtcNow(), options.Value.LeaseDuration / 2);
        reader = new QueueReader(jobs, ledger, options.Value.RefreshInterval, clock, Refreshed);
        answers = new QueueAnswers(ledger, roster, clock);
        var settings = options.Value;
        lost = new LostWorkers(
            checkpoints, membership, roster, ledger,
            new WorkerLoss(attention, settings.LeaseDuration, settings.ExecutorDeadline, settings.ReportHold, TickPeriod), clock,
            logger);
        this.RegisterGrainTimer(
            Tick, new GrainTimerCreationOptions(TimeSpan.Zero, TickPeriod) { KeepAlive = true, Interleave = true });
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

        reader.Note(changed);
        if (answers.Take(report) is { } first)
        {
            return Task.FromResult(first);
        }

        BeginGangs();
        var held = roster.Hold(report.Worker, report.Sequence, clock.GetUtcNow() + options.Value.ReportHold);
        answers.Grant();
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

    public Task<IReadOnlyList<WorkerStatus>> ListWorkers() => Task.FromResult(roster.Describe(clock.GetUtcNow()));

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

    public Task Drain(IReadOnlyList<WorkerId> workers)
    {
        roster.Drain(workers);
        return Task.CompletedTask;
    }

    public Task SetStopped(bool stopped)
    {
        if (ledger.Stopped != stopped)
        {
            ledger.Stopped = stopped;
            answers.Grant();
        }

        return Task.CompletedTask;
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
            // Nobody knows whether it has begun. If so, its workers find attempts under their names that they do not run, and
            // give them back.
            Log.GangNotBegun(logger, exception, gang.Job, gang.Stage);
            ledger.GangRefused(gang.Number);
        }

        answers.SendFirst();
        reader.Read([gang.Job]);
    }

    private async Task Tick(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        attention.Note(now);
        ledger.ReviewGangs(now);
        answers.SendFirst();
        roster.ReleaseOverdue(now);
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
        answers.SendFirst();
        answers.Grant();
        WakeJobs(everyone: false);
    }

    private Task ReleaseLost(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var worker in lost.Mark(now))
        {
            pace.Forget(worker);
        }

        return lost.Release(now, Released, cancellationToken);
    }

    private void Released(IReadOnlyCollection<JobId> jobsOfIt)
    {
        foreach (var job in jobsOfIt)
        {
            GrainFactory.GetGrain<IJobGrain>(GrainKeys.Job(job)).Wake().Ignore();
        }

        reader.Read(jobsOfIt);
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

        [LoggerMessage(
            EventId = 202, Level = LogLevel.Warning,
            Message = "The database does not answer; the queue goes on with what it knows.")]
        public static partial void StorageAway(ILogger logger, Exception exception);

        [LoggerMessage(
            EventId = 203, Level = LogLevel.Warning,
            Message = "The gang of stage {Stage} of job {Job} could not begin, and tries again.")]
        public static partial void GangNotBegun(ILogger logger, Exception exception, JobId job, int stage);
    }
}
