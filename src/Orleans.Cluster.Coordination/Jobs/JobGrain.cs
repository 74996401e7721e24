using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Runs one job: looks at what the stores say, has its <see cref="JobRow"/> decide and store, then acts on it. All that counts is
/// in the stores; a second activation of the same job can only lose the race for a revision. Calls interleave, since planning and
/// publishing take long; state changes do not, because each is one guarded transaction and the loser reads again.
/// </summary>
[Reentrant]
internal sealed partial class JobGrain(
    IJobStore jobs, JobPartitions partitions, JobObserver observer, JobPlanner planner, JobPublishing publisher,
    TimeProvider clock, ILogger<JobGrain> logger) : Grain, IJobGrain
{
    private readonly LookRhythm rhythm = new();
    private JobRow row = null!;
    private JobBoard board = null!;
    private PlanningRun planning = null!;
    private PublishingRun publishing = null!;
    private JobActions actions = null!;
    private Coalesced looks = null!;
    private SleepingTimer timer = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var progress = new ProgressBoard();
        row = new JobRow(GrainKeys.ParseJob(this.GetPrimaryKeyString()), jobs, partitions, progress, clock, logger);
        publishing = new PublishingRun(row, publisher, Decide, Wake, logger);
        planning = new PlanningRun(row, planner, Decide, Advance, clock, logger);
        board = new JobBoard(row, progress, GrainFactory, clock, logger);
        actions = new JobActions(row, planning, publishing, partitions, GrainFactory, Advance);
        looks = new Coalesced(Look, took => rhythm.Pause(took, row.Known?.State.Phase), clock);
        var period = LookRhythm.TickPeriod;
        var options = new GrainTimerCreationOptions(period, period) { KeepAlive = true, Interleave = true };
        timer = new SleepingTimer(this.RegisterGrainTimer(Tick, options), period);
        row.Gone += Leave;
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason deactivation, CancellationToken cancellationToken)
    {
        planning.Cancel();
        publishing.Cancel();
        board.Release();
        return Task.CompletedTask;
    }

    public async Task Wake()
    {
        try
        {
            await Advance();
        }
        catch (ClusterException exception) when (exception.Code == Contracts.ProblemCode.JobNotFound)
        {
            // Deleted meanwhile; there is nothing to be awake for.
            Log.Gone(logger, row.Id);
        }
    }

    public async Task<JobStatus> GetStatus()
    {
        await row.LoadRecent();
        await board.RefreshReason();
        if (board.KnowsOfAnAttempt)
        {
            await Advance();
        }

        return board.Describe();
    }

    public async Task<JobStatus> WaitForChange(long knownRevision, TimeSpan atMost)
    {
        var until = clock.GetUtcNow() + atMost;
        while ((await row.Load()).State is { } state && state.Revision <= knownRevision && !state.Phase.IsTerminal()
            && clock.GetUtcNow() < until)
        {
            await board.NextChange(until - clock.GetUtcNow());
        }

        return await GetStatus();
    }

    public async Task<JobStatus> Cancel()
    {
        planning.Cancel();
        await Decide(() => new CancelRequested(clock.GetUtcNow()));
        await Advance();
        return await GetStatus();
    }

    public async Task<JobStatus> Retry()
    {
        await publishing.Cleared();
        TimeSpan? timeout = (await row.Load()).Spec.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var accepted = await observer.FindAccepted(row);
        await Decide(() => new RetryRequested(row.Known!.HasPlan, clock.GetUtcNow() + timeout, accepted));
        await Advance();
        return await GetStatus();
    }

    public Task ReportProgress(IReadOnlyList<AttemptProgress> progress)
    {
        board.Progress.Report(progress.Select(
            item => new AttemptReading(item.Attempt, item.BytesDone, item.RowsDone, item.BytesWritten)));
        board.ShowSoon();
        return row.Known is null or { State.Phase: JobPhase.Queued } ? Wake() : Task.CompletedTask;
    }

    private Task Tick(CancellationToken cancellationToken) =>
        rhythm.IsDue(row.Known?.State, clock.GetUtcNow(), board.Progress.HasReadings) ? Wake() : Task.CompletedTask;

    // Looks and decides until nothing follows any more. One at a time; a call that comes meanwhile causes one more look.
    private async Task Advance()
    {
        try
        {
            await looks.Ask();
        }
        catch (ClusterException refusal) when (refusal.Code == Contracts.ProblemCode.ResourcesImpossible)
        {
            // A stage of a gang turned out to be wider than the cluster can become.
            await Decide(() => new JobRefused(refusal.Problem, clock.GetUtcNow()));
        }
        catch (StorageUnavailableException exception)
        {
            board.StorageIsAway(exception);
        }
    }

    private async Task Look()
    {
        rhythm.Begin(clock.GetUtcNow());
        if ((await row.LoadStored()).State.Phase.IsTerminal())
        {
            await Settle();
            return;
        }

        var facts = await observer.Observe(row, board, () => planning.IsUnderWay || publishing.IsUnderWay);
        await Decide(() => new Observed(facts));
        rhythm.End(
            clock.GetUtcNow(), row.Known!.State.Phase, facts.RunningAttempts, facts.Tallies.Sum(tally => tally.Waiting));
        board.ShowSoon();
        if (timer.Set(sleeps: !looks.IsAsked && !planning.IsUnderWay && !board.Progress.HasReadings
            && LookRhythm.OnlyWaits(row.Known.State, row.Known.Spec, facts)))
        {
            row.ForgetPlan();
        }
    }

    private async Task Decide(Func<JobEvent> evt)
    {
        var step = await row.Decide(evt);
        if (step.CutOff is { } cutOff)
        {
            // The store has counted the attempts that go; those that still run can no longer commit.
            actions.Stop(cutOff);
            board.Progress.ForgetRunning();
            await row.Load(fresh: true);
        }

        if (step.LooksAgain)
        {
            looks.AskAgain();
        }

        foreach (var command in step.Commands)
        {
            await actions.Execute(command);
        }
    }

    // Nothing more happens to an ended job; a retry wakes it again.
    private async Task Settle()
    {
        board.Settle();
        await publishing.Clear();
        Leave();
    }

    private void Leave()
    {
        timer.Dispose();
        DeactivateOnIdle();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 105, Level = LogLevel.Debug, Message = "Job {JobId} is not there any more.")]
        public static partial void Gone(ILogger logger, JobId jobId);
    }
}
