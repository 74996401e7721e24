using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Runs one job: reads what the stores say, lets <see cref="JobTransitions"/> decide, stores the decision guarded by the row's revision,
/// then acts on it. All that counts is in the stores; a second activation of the same job can only lose the race for a revision.
/// </summary>
/// <remarks>
/// Calls interleave, since planning and publishing take long; state changes do not, because each is one guarded transaction and the
/// loser reads again.
/// </remarks>
[Reentrant]
internal sealed partial class JobGrain(
    IJobStore jobs,
    ICheckpointStore checkpoints,
    IJobPlanning planning,
    IOutputPublisher publisher,
    ILossJudge losses,
    ISourceRecheck recheck,
    IPartitionSplitter splitter,
    AdmissionCheck admission,
    TimeProvider clock,
    ILogger<JobGrain> logger) : Grain, IJobGrain
{
    // Between two looks at the partitions when nobody says that something changed.
    private static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(3);

    // The same while no attempt runs, whose end could be missed.
    private static readonly TimeSpan IdleLookPeriod = TimeSpan.FromSeconds(30);

    // Between two stored changes that are progress alone: the reports of several workers share one, and who watches sees it at once.
    private static readonly TimeSpan ShowPeriod = TimeSpan.FromMilliseconds(30);

    // How old the queue's word may be when somebody asks, and how long it is waited for.
    private static readonly TimeSpan ReasonLife = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ReasonPatience = TimeSpan.FromSeconds(1);

    // A job whose files end the engine each time is not planned for ever.
    private const int MaxPlanningFaults = 3;
    private static readonly TimeSpan PlanningPause = TimeSpan.FromSeconds(1);

    // Each question of planning has a bound, by default ten minutes at most; what is beyond this is a disk that does not answer.
    private static readonly TimeSpan PlanningPatience = TimeSpan.FromMinutes(15);

    // Many short partitions end at once; one look serves all that ended meanwhile.
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private const int LookPauseFactor = 4;

    private readonly RunningProgress running = new();
    private readonly JobWatch watch = new();
    private JobId id;
    private JobRecord? record;
    private JobPlan? plan;
    private IReadOnlyList<StageTally> tallies = [];
    private JobReason? reason;
    private DateTimeOffset reasonAt;
    private CancellationTokenSource? planningNow;
    private int planningFaults;
    private JobPublishing? output;
    private CancellationTokenSource? publishingNow;
    private Task? publishing;
    private Task? clearing;
    private bool isPublishing;
    private bool advancing;
    private bool again;
    private DateTimeOffset nextLook;
    private DateTimeOffset nextShow;
    private Task? showing;
    private bool showAgain;
    private IGrainTimer? timer;
    private bool isAsleep;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        id = GrainKeys.ParseJob(this.GetPrimaryKeyString());
        timer = this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(TickPeriod, TickPeriod) { KeepAlive = true, Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason deactivation, CancellationToken cancellationToken)
    {
        planningNow?.Cancel();
        publishingNow?.Cancel();
        watch.Release();
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
            Log.Gone(logger, id);
        }
    }

    public async Task<JobStatus> GetStatus()
    {
        await Load();
        if (clock.GetUtcNow() - reasonAt > ReasonLife)
        {
            await RefreshReason();
        }

        if (record!.State.Phase == JobPhase.Queued && reason?.Code == ReasonCode.Running)
        {
            // The queue has heard of an attempt first.
            await Advance();
        }

        return JobStatusView.Of(record!, reason, plan, clock.GetUtcNow());
    }

    public async Task<JobStatus> WaitForChange(long knownRevision, TimeSpan atMost)
    {
        var until = clock.GetUtcNow() + atMost;
        while ((await Load()).State is { } state && state.Revision <= knownRevision && !state.Phase.IsTerminal() && clock.GetUtcNow() < until)
        {
            await watch.Next(until - clock.GetUtcNow(), clock);
        }

        return await GetStatus();
    }

    public async Task<JobStatus> Cancel()
    {
        planningNow?.Cancel();
        await Decide(() => new CancelRequested(clock.GetUtcNow()));
        await Advance();
        return await GetStatus();
    }

    public async Task<JobStatus> Retry()
    {
        // What an earlier end is still removing must not be what the next one shows.
        await (clearing ?? Task.CompletedTask);
        clearing = null;
        await Load();
        var timeout = record!.Spec.TimeoutSeconds;
        plan ??= record.HasPlan ? await jobs.FindPlan(id, CancellationToken.None) : null;
        var accepted = plan is null || !record.State.Phase.IsTerminal()
            ? []
            : await recheck.FindAccepted(plan, record.State.AcceptedStamps, CancellationToken.None);
        await Decide(() => new RetryRequested(record!.HasPlan, timeout is { } seconds ? clock.GetUtcNow().AddSeconds(seconds) : null, accepted));
        await Advance();
        return await GetStatus();
    }

    public Task ReportProgress(IReadOnlyList<AttemptProgress> progress)
    {
        running.Report(progress);
        ShowSoon();
        return record is null or { State.Phase: JobPhase.Queued } ? Wake() : Task.CompletedTask;
    }

    private async Task<JobRecord> Load(bool fresh = false)
    {
        if (record is null || fresh)
        {
            if (await jobs.Find(id, CancellationToken.None) is not { } read)
            {
                timer?.Dispose();
                DeactivateOnIdle();
                throw new ClusterException(Contracts.ProblemCode.JobNotFound, $"There is no job {id}.");
            }

            Take(read);
        }

        return record!;
    }

    // An answer to an earlier read may come after a later one: only a newer revision counts.
    private void Take(JobRecord read)
    {
        if (record is not null && read.State.Revision < record.State.Revision)
        {
            return;
        }

        var changed = record?.State.Revision != read.State.Revision;
        if (record is not null && record.State.Epoch != read.State.Epoch)
        {
            plan = null; // It may have been planned anew.
        }

        record = read;
        if (read.State.Phase != JobPhase.Publishing)
        {
            publishingNow?.Cancel();
        }

        if (read.State.Phase.IsTerminal())
        {
            planningNow?.Cancel();
        }

        if (changed)
        {
            watch.Release();
        }
    }

    private async Task Tick(CancellationToken cancellationToken)
    {
        if (record is null || record.State.Phase.IsTerminal())
        {
            await Wake();
            return;
        }

        if (clock.GetUtcNow() >= nextLook || clock.GetUtcNow() >= record.State.DeadlineAt || running.Count > 0)
        {
            await Wake();
        }
    }

    private async Task RefreshReason()
    {
        if (record is { } known && !known.State.Phase.IsTerminal() && reason?.Code != ReasonCode.WaitingForStorage)
        {
            try
            {
                reason = await GrainFactory.GetGrain<IQueueGrain>(GrainKeys.Queue).Explain(id).WaitAsync(ReasonPatience, clock) ?? reason;
                reasonAt = clock.GetUtcNow();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The queue is between two silos; its last word holds meanwhile.
                Log.NotExplained(logger, id, exception.Message);
            }
        }
    }

    // Looks and decides until nothing follows any more. One at a time; a call that comes meanwhile causes one more look.
    private async Task Advance()
    {
        if (advancing)
        {
            again = true;
            return;
        }

        advancing = true;
        try
        {
            do
            {
                again = false;
                var started = clock.GetTimestamp();
                await Look();
                if (again)
                {
                    // Of a job with very many partitions a look counts them all: it takes a fifth of the time at most.
                    var pause = (clock.GetElapsedTime(started) - LeastPause) * LookPauseFactor;
                    await Task.Delay(pause < LeastPause ? LeastPause : pause < LongestPause ? pause : LongestPause, clock);
                }
            }
            while (again);
        }
        catch (ClusterException refusal) when (refusal.Code == Contracts.ProblemCode.ResourcesImpossible)
        {
            // A stage of a gang turned out to be wider than the cluster can become.
            await Decide(() => new JobRefused(refusal.Problem, clock.GetUtcNow()));
        }
        catch (StorageUnavailableException exception)
        {
            reason = JobStatusView.StorageAway;
            Log.StorageAway(logger, id, exception.Message);
        }
        finally
        {
            advancing = false;
        }
    }

    private async Task Look()
    {
        nextLook = clock.GetUtcNow() + LookPeriod;
        await Load(fresh: true);
        if (record!.State.Phase.IsTerminal())
        {
            await Settle();
            return;
        }

        var facts = await Observe(record);
        await Decide(() => new Observed(facts));
        nextLook = clock.GetUtcNow() + (record.State.Phase == JobPhase.Running && facts.RunningAttempts == 0 ? IdleLookPeriod : LookPeriod);
        ShowSoon();
        SleepOrStayAwake(facts);
    }

    // What only waits is woken by the queue, see WakeList; of thousands none ticks, and none keeps its plan in memory.
    private void SleepOrStayAwake(JobFacts facts)
    {
        var sleeps = !again && record!.State.Phase == JobPhase.Queued && planningNow is null && facts.Failed.Count == 0 && running.Count == 0
            && (record.State.Stages.Count == 0 ? record.Spec.DependsOn.Count > 0 : facts.RunningAttempts == 0 && tallies.Any(tally => tally.Waiting > 0));
        if (sleeps == isAsleep)
        {
            return;
        }

        isAsleep = sleeps;
        plan = sleeps ? null : plan;
        var (due, period) = sleeps ? (Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : (TickPeriod, TickPeriod);
        timer?.Change(due, period);
    }

    private async Task<JobFacts> Observe(JobRecord job)
    {
        if (plan is null && job.HasPlan)
        {
            plan = await jobs.FindPlan(id, CancellationToken.None);
        }

        var state = job.State;
        var open = state.Stages.Count > 0;
        tallies = open ? await checkpoints.Tally(id, CancellationToken.None) : [];
        running.KeepOnly(running.Count == 0 ? [] : (await checkpoints.ListRunning(id, CancellationToken.None)).Select(item => item.Attempt));

        if (reason?.Code == ReasonCode.WaitingForStorage)
        {
            reason = null;
        }

        var firstStart = state.StartedAt ?? (open ? await checkpoints.FindFirstStart(id, null, CancellationToken.None) : null);
        var runningAttempts = tallies.Sum(tally => tally.Running);
        var failed = tallies.Any(tally => tally.Failed > 0) ? await checkpoints.ListFailed(id, CancellationToken.None) : [];
        return new JobFacts
        {
            Now = clock.GetUtcNow(),
            Decisions = state.Decisions,
            Plan = plan,
            Tallies = tallies,
            FirstStartedAt = firstStart,
            HasBegun = runningAttempts > 0 || (state.Phase == JobPhase.Queued && open && await HasBegun(state, firstStart)),
            Failed = failed,
            Halves = plan is null || state.Phase is not (JobPhase.Queued or JobPhase.Running)
                ? new Dictionary<TaskId, IReadOnlyList<PartitionWork>>()
                : await splitter.Find(plan, failed, state.AcceptedStamps, CancellationToken.None),
            RunningAttempts = runningAttempts,
            MostArtifactBytes = admission.MostArtifactBytes,
            IsBusy = planningNow is not null || isPublishing,
            Dependencies = state.Phase == JobPhase.Queued && !open && job.Spec.DependsOn.Count > 0
                ? await jobs.FindPhases(job.Spec.DependsOn, CancellationToken.None)
                : new Dictionary<JobId, JobPhase>(),
        };
    }

    // Of a retry, only what began since counts.
    private async Task<bool> HasBegun(JobState state, DateTimeOffset? firstStart) =>
        (state.RetriedAt is null ? firstStart : await checkpoints.FindFirstStart(id, state.RetriedAt, CancellationToken.None)) is not null;

    /// <summary>Decides, stores and acts; when another was faster, reads again and decides anew.</summary>
    private async Task Decide(Func<JobEvent> evt)
    {
        for (var job = await Load(); ; job = await Load(fresh: true))
        {
            var happened = evt();
            if (happened is Observed { Facts.Decisions: var read } && read != job.State.Decisions)
            {
                again = true; // The job has moved on since they were read: what they say is of another state.
                return;
            }

            var decision = JobTransitions.Apply(job.State, happened, job.Spec);
            if (decision.Refusal is { } refusal)
            {
                throw refusal;
            }

            if (!decision.IsChange(job.State) || await TryStore(job, decision, happened))
            {
                await Execute(decision.Commands);
                return;
            }

            Log.Lost(logger, id, job.State.Revision);
        }
    }

    private async Task<bool> TryStore(JobRecord job, JobDecision decision, JobEvent evt)
    {
        var made = (evt as PlanMade)?.Plan;
        var cutOff = decision.DropPlan ? await checkpoints.ListRunning(id, CancellationToken.None) : [];
        var state = JobTimes.Note(job.State, WithProgress(decision.State, made ?? plan), clock.GetUtcNow()) with
        {
            Revision = job.State.Revision + 1, Decisions = job.State.Decisions + 1,
        };
        var stored = await jobs.TryApply(
            new JobChange
            {
                ExpectedRevision = job.State.Revision,
                State = state,
                Plan = made,
                OpenPartitions =
                [
                    .. (await Open(decision.OpenStages, made ?? plan, state.Epoch)).Concat(decision.Children)
                        .Select(partition => partition with { Attempt = state.AttemptsBefore }),
                ],
                PartitionChanges = decision.PartitionChanges,
                CancelWaiting = decision.CancelWaiting,
                CancelRunning = decision.CancelRunning,
                ResetUnfinished = decision.ResetUnfinished,
                Through = decision.Through,
                DropPlan = decision.DropPlan,
                HistoryDetail = state.Phase == job.State.Phase ? null : state.Error?.Detail,
            },
            CancellationToken.None);
        if (!stored)
        {
            return false;
        }

        plan = made ?? plan;
        if (state.Phase != job.State.Phase)
        {
            Log.Transition(logger, id, job.State.Phase, state.Phase);
        }

        JobTrace.Stored(job.State, state, job.Spec, clock.GetUtcNow());
        if (decision.DropPlan)
        {
            // The store has counted the attempts that go; those that still run can no longer commit.
            Stop(cutOff);
            running.Clear();
            await Load(fresh: true);
            again = true;
            return true;
        }

        Take(job with { State = state, HasPlan = job.HasPlan || made is not null });
        again |= decision.OpenStages.Count > 0 || state.Phase != job.State.Phase;
        return true;
    }

    // Its stages are shown from the moment that it is planned. A short job may end between two looks; its last numbers belong to its end.
    private JobState WithProgress(JobState state, JobPlan? with)
    {
        var isPlanned = state is { Phase: JobPhase.Queued, Stages.Count: > 0, Progress.Stages.Count: 0 };
        if ((!isPlanned && state.Phase is not (JobPhase.Publishing or JobPhase.Succeeded)) || with is null)
        {
            return state;
        }

        var progress = ProgressMeter.Measure(with, state.Stages, tallies, new Dictionary<int, (long, long)>(), state.Progress);
        return state with
        {
            Progress = state.Phase == JobPhase.Succeeded ? progress with { Fraction = 1, BytesDone = progress.BytesTotal } : progress,
        };
    }

    private async Task<IReadOnlyList<PartitionRecord>> Open(IReadOnlyList<int> stages, JobPlan? with, int epoch)
    {
        if (stages.Count == 0)
        {
            return [];
        }

        var upstream = stages.SelectMany(index => with!.Stages[index].Inputs).Where(input => input.Stage is not null).Select(input => input.Stage!.Value);
        var committed = new Dictionary<int, IReadOnlyList<PartitionRecord>>();
        foreach (var index in upstream.Distinct())
        {
            var all = await checkpoints.List(id, index, CancellationToken.None);
            committed[index] = [.. all.Where(partition => partition.State == PartitionState.Committed)];
        }

        var opened = stages.ToDictionary(index => index, index => StageOpener.Open(id, epoch, with!, index, committed));
        await admission.CheckOpening(record!.Spec, opened.Values.Max(partitions => partitions.Count), CancellationToken.None);
        return [.. stages.SelectMany(index => opened[index])];
    }

    private async Task Execute(IReadOnlyList<JobCommand> commands)
    {
        foreach (var command in commands)
        {
            switch (command)
            {
                case JobCommand.Plan:
                    MakePlan();
                    break;
                case JobCommand.Publish:
                    Publish();
                    break;
                case JobCommand.StopAttempts:
                    await StopAttempts();
                    break;
                case JobCommand.PokeQueue:
                    GrainFactory.GetGrain<IQueueGrain>(GrainKeys.Queue).Poke(id).Ignore();
                    break;
            }
        }
    }

    private void MakePlan()
    {
        if (planningNow is not null)
        {
            return;
        }

        planningNow = new CancellationTokenSource();
        Plan(planningNow).Ignore();
    }

    private async Task Plan(CancellationTokenSource cancellation)
    {
        var epoch = record!.State.Epoch;
        using var span = JobTrace.Start("plan", id, epoch);
        try
        {
            // Off this grain: whatever planning does, the job can be asked and cancelled.
            var (spec, wider, owner) = (record!.Spec, record.State.WiderTypes, record.Owner);
            var asking = Task.Run(() => AskedBy.Run(owner, () => planning.Plan(spec, wider, cancellation.Token)), CancellationToken.None);
            var made = await GivenUp.EndOf(asking, PlanningPatience, clock, cancellation.Token);
            await admission.CheckGang(record.Spec, made, cancellation.Token);
            await Decide(() => new PlanMade(made, clock.GetUtcNow()));
        }
        catch (ClusterException refusal) when (IsOfTheEngine(refusal) && ++planningFaults < MaxPlanningFaults)
        {
            // That the engine died or stood still says nothing of the job yet; the next look plans anew.
            Log.PlannedAgain(logger, id, refusal.Message);
            await Task.Delay(PlanningPause * planningFaults, clock);
        }
        catch (ClusterException refusal)
        {
            await Decide(() => new JobRefused(refusal.Problem, clock.GetUtcNow()) { Epoch = epoch });
        }
        catch (OperationCanceledException)
        {
            // Cancelled with its job, whose row says so already; or this activation leaves, and the next one plans anew.
        }
        catch (StorageUnavailableException exception)
        {
            Log.StorageAway(logger, id, exception.Message);
        }
        catch (Exception exception)
        {
            Log.PlanningBroken(logger, exception, id);
            await Decide(() => new JobRefused(
                ProblemDocument.Of(Contracts.ProblemCode.Internal, $"Planning failed: {exception.Message}"), clock.GetUtcNow()) { Epoch = epoch });
        }
        finally
        {
            planningNow = null;
            cancellation.Dispose();
            Advance().Ignore();
        }
    }

    private static bool IsOfTheEngine(ClusterException refusal) =>
        refusal.Code == Contracts.ProblemCode.ExecutorCrashed || refusal.Code == Contracts.ProblemCode.Internal;

    private void Publish()
    {
        if (publishing is { IsCompleted: false })
        {
            return;
        }

        publishingNow = new CancellationTokenSource();
        output ??= new JobPublishing(id, jobs, checkpoints, publisher, losses, clock, logger);
        isPublishing = true;
        publishing = Run(publishingNow.Token);

        async Task Run(CancellationToken cancellationToken)
        {
            try
            {
                var happened = await output.Try(record!, plan!, cancellationToken);
                isPublishing = false;
                if (happened is not null)
                {
                    await Decide(() => happened);
                }

                await Wake();
            }
            catch (StorageUnavailableException exception)
            {
                // Publishing can be done twice; the next look does it again.
                Log.StorageAway(logger, id, exception.Message);
            }
            catch (Exception exception)
            {
                Log.NotEnded(logger, exception, id);
            }
            finally
            {
                isPublishing = false;
            }
        }
    }

    private async Task StopAttempts() => Stop(await checkpoints.ListRunning(id, CancellationToken.None));

    private void Stop(IEnumerable<(AttemptId Attempt, WorkerId Worker)> attempts)
    {
        foreach (var (attempt, worker) in attempts)
        {
            if (WorkerIds.TryGetSilo(worker, out var silo))
            {
                RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);
            }

            GrainFactory.GetGrain<IPartitionGrain>(GrainKeys.Partition(attempt)).Cancel().ContinueWith(
                _ => Advance(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current).Ignore();
            RequestContext.Clear();
        }
    }

    // One at a time. What is reported while it writes is shown by another one after it.
    private void ShowSoon()
    {
        showAgain = true;
        if (showing is null or { IsCompleted: true })
        {
            showing = Show();
        }

        async Task Show()
        {
            try
            {
                while (showAgain)
                {
                    if (nextShow - clock.GetUtcNow() is var pause && pause > TimeSpan.Zero)
                    {
                        await Task.Delay(pause, clock);
                    }

                    showAgain = false;
                    await ShowProgress();
                }
            }
            catch (StorageUnavailableException exception)
            {
                Log.StorageAway(logger, id, exception.Message);
            }
        }
    }

    private async Task ShowProgress()
    {
        if (record is not { State: { Phase: JobPhase.Running or JobPhase.Publishing } state } job || plan is null)
        {
            return;
        }

        var progress = ProgressMeter.Measure(plan, state.Stages, tallies, running.ByStage(), state.Progress);
        var shown = state.Progress with { Stages = [] };
        if (clock.GetUtcNow() < nextShow || (progress with { Stages = [] } == shown && progress.Stages.SequenceEqual(state.Progress.Stages)))
        {
            return;
        }

        nextShow = clock.GetUtcNow() + ShowPeriod;

        // What is shown is stored first, so that it does not go back after a failover.
        var next = state with { Progress = progress, Revision = state.Revision + 1 };
        if (await jobs.TryApply(new JobChange { ExpectedRevision = state.Revision, State = next }, CancellationToken.None))
        {
            Take(job with { State = next });
        }
    }

    // Nothing more happens to an ended job; a retry wakes it again.
    private async Task Settle()
    {
        reason = null;
        running.Clear();
        watch.Release();
        await (clearing ??= ClearOutput(record!));
        timer?.Dispose();
        DeactivateOnIdle();
    }

    // Once for each end. What cannot be removed now is tried again by the janitor.
    private async Task ClearOutput(JobRecord ended)
    {
        try
        {
            if (ended.State.Phase is JobPhase.Failed or JobPhase.Cancelled)
            {
                await publisher.Clear(ended, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            Log.NotCleared(logger, id, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Job {JobId}: {From} -> {To}.")]
        public static partial void Transition(ILogger logger, JobId jobId, JobPhase from, JobPhase to);

        [LoggerMessage(EventId = 101, Level = LogLevel.Debug, Message = "Job {JobId}: somebody else has changed revision {Revision}; reading again.")]
        public static partial void Lost(ILogger logger, JobId jobId, long revision);

        [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "Job {JobId} waits for the database: {Message}")]
        public static partial void StorageAway(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 111, Level = LogLevel.Error, Message = "Job {JobId}: the end of its publishing could not be stored; it publishes again.")]
        public static partial void NotEnded(ILogger logger, Exception exception, JobId jobId);

        [LoggerMessage(EventId = 112, Level = LogLevel.Warning, Message = "Job {JobId}: what it left in its output folder is not removed yet: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 105, Level = LogLevel.Debug, Message = "Job {JobId} is not there any more.")]
        public static partial void Gone(ILogger logger, JobId jobId);

        [LoggerMessage(EventId = 106, Level = LogLevel.Debug, Message = "Job {JobId}: the queue did not say why it waits: {Message}")]
        public static partial void NotExplained(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 108, Level = LogLevel.Warning, Message = "Job {JobId} is planned again: {Message}")]
        public static partial void PlannedAgain(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "Job {JobId}: planning failed.")]
        public static partial void PlanningBroken(ILogger logger, Exception exception, JobId jobId);
    }
}
