using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class JobTransitionsTests
{
    [Fact]
    public void Apply_QueuedWithPlan_OpensTheStagesThatReadFilesOnly()
    {
        var decision = Observe(State(JobPhase.Queued));

        Assert.Equal(JobPhase.Queued, decision.State.Phase);
        Assert.Equal([0], decision.OpenStages);
        Assert.Equal([new StageState(0, StagePhase.Open, 3), new StageState(1, StagePhase.Pending, 1)], decision.State.Stages);
        Assert.Null(decision.State.StartedAt);
        Assert.Equal([JobCommand.PokeQueue], decision.Commands);
    }

    [Fact]
    public void Apply_QueuedWithoutPlan_Plans()
    {
        var decision = JobTransitions.Apply(State(JobPhase.Queued), new Observed(new JobFacts { Now = Now }), Spec);

        Assert.Equal(JobPhase.Planning, decision.State.Phase);
        Assert.Equal([JobCommand.Plan], decision.Commands);
    }

    [Theory]
    [InlineData(JobPhase.Running, JobPhase.Queued, 0)]
    [InlineData(JobPhase.Failed, JobPhase.Failed, 0)]
    [InlineData(JobPhase.Cancelled, JobPhase.Failed, 0)]
    [InlineData(JobPhase.Succeeded, JobPhase.Queued, 1)]
    public void Apply_QueuedWithDependency_GoesWhereTheDependencyIs(JobPhase dependency, JobPhase expected, int opened)
    {
        var other = JobId.Parse("01JD0000000000000000000009");
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Dependencies = new Dictionary<JobId, JobPhase> { [other] = dependency },
        };

        var decision = JobTransitions.Apply(State(JobPhase.Queued), new Observed(facts), Spec with { DependsOn = [other] });

        Assert.Equal((expected, opened), (decision.State.Phase, decision.OpenStages.Count));
    }

    [Fact]
    public void Apply_OneOfTwoDependenciesSucceededAndWasDeleted_StillWaitsForTheOther()
    {
        var (first, second) = (JobId.Parse("01JD0000000000000000000008"), JobId.Parse("01JD0000000000000000000009"));
        var spec = Spec with { DependsOn = [first, second] };
        var seen = new Dictionary<JobId, JobPhase> { [first] = JobPhase.Succeeded, [second] = JobPhase.Running };
        var waiting = JobTransitions.Apply(
            State(JobPhase.Queued), new Observed(new JobFacts { Now = Now, Plan = Plan, Dependencies = seen }), spec).State;

        seen.Remove(first);
        var still = JobTransitions.Apply(
            waiting, new Observed(new JobFacts { Now = Now, Plan = Plan, Dependencies = seen }), spec);
        seen[second] = JobPhase.Succeeded;
        var ready = JobTransitions.Apply(
            waiting, new Observed(new JobFacts { Now = Now, Plan = Plan, Dependencies = seen }), spec);

        Assert.Equal([first], waiting.MetDependencies);
        Assert.False(still.IsChange(waiting));
        Assert.Equal([0], ready.OpenStages);
    }

    [Theory]
    [InlineData(0, false, JobPhase.Queued)]
    [InlineData(1, true, JobPhase.Running)]
    [InlineData(0, true, JobPhase.Running)]
    public void Apply_PlannedAndQueued_RunsFromItsFirstAttemptOn(int running, bool hasBegun, JobPhase expected)
    {
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Tallies = [Tally(0, total: 3, running: running)], RunningAttempts = running,
            HasBegun = hasBegun,
        };

        var decision = JobTransitions.Apply(Planned, new Observed(facts), Spec);

        Assert.Equal((expected, null), (decision.State.Phase, decision.Through));
    }

    [Fact]
    public void Apply_AllEndedBeforeTheFirstLook_TellsThatItRan()
    {
        var planned = Planned with { Stages = Running(StagePhase.Complete, StagePhase.Open).Stages };
        StageTally[] tallies = [Tally(0, total: 3, committed: 3), Tally(1, total: 1, committed: 1)];

        var decision = JobTransitions.Apply(
            planned, new Observed(new JobFacts { Now = Now, Plan = Plan, Tallies = tallies, HasBegun = true }), Spec);

        Assert.Equal((JobPhase.Publishing, JobPhase.Running), (decision.State.Phase, decision.Through));
    }

    [Fact]
    public void Apply_RunningAndNothingRunsBetweenStages_StaysRunning()
    {
        var state = Running(StagePhase.Complete, StagePhase.Open);

        var decision = Observe(state, Tally(0, total: 3, committed: 3), Tally(1, total: 1));

        Assert.Equal(JobPhase.Running, decision.State.Phase);
    }

    // Every list of jobs reads the row: of ten thousand files it would be megabytes.
    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(1_001, 0)]
    public void Apply_ResultOfManyFiles_KeepsTheRowSmall(int files, int kept)
    {
        var publishing = Running(StagePhase.Complete, StagePhase.Complete) with { Phase = JobPhase.Publishing };
        var result = new JobResult(
            1, 1, [], [.. Enumerable.Range(0, files).Select(index => new ResultFile($"{index}", 1, 1, "00"))]);

        var decision = JobTransitions.Apply(publishing, new Published(result, [], Now), Spec);

        Assert.Equal((JobPhase.Succeeded, kept), (decision.State.Phase, decision.State.Result!.Files.Count));
    }

    private static JobState Planned => Running() with { Phase = JobPhase.Queued };

    [Fact]
    public void Apply_AllOfAStageCommitted_OpensTheNext()
    {
        var decision = Observe(Running(), Tally(0, total: 3, committed: 3));

        Assert.Equal([1], decision.OpenStages);
        Assert.Equal([new StageState(0, StagePhase.Complete, 3), new StageState(1, StagePhase.Open, 1)], decision.State.Stages);
    }

    [Fact]
    public void Apply_OnePartitionShort_ChangesNothing()
    {
        var state = Running();

        var decision = Observe(state, Tally(0, total: 3, committed: 2, running: 1));

        Assert.False(decision.IsChange(state));
    }

    [Fact]
    public void Apply_ArtifactOfACompleteStageLost_OpensThatStageAgain()
    {
        var decision = Observe(
            Running(StagePhase.Complete, StagePhase.Open), Tally(0, total: 3, committed: 2), Tally(1, total: 1));

        Assert.Equal([new StageState(0, StagePhase.Open, 3), new StageState(1, StagePhase.Open, 1)], decision.State.Stages);
        Assert.Empty(decision.OpenStages);
    }

    [Fact]
    public void Apply_LastStageCommitted_Publishes()
    {
        var decision = Observe(
            Running(StagePhase.Complete, StagePhase.Open), Tally(0, total: 3, committed: 3), Tally(1, total: 1, committed: 1));

        Assert.Equal(JobPhase.Publishing, decision.State.Phase);
        Assert.Equal([JobCommand.Publish], decision.Commands);
    }

    [Fact]
    public void Apply_ArtifactLostWhilePublishing_RunsThatPartitionAgain()
    {
        var publishing = Running(StagePhase.Complete, StagePhase.Complete) with { Phase = JobPhase.Publishing };

        var decision = Observe(publishing, Tally(0, total: 3, committed: 3), Tally(1, total: 1));

        Assert.Equal(JobPhase.Running, decision.State.Phase);
        Assert.Equal([new StageState(0, StagePhase.Complete, 3), new StageState(1, StagePhase.Open, 1)], decision.State.Stages);
        Assert.Equal([JobCommand.PokeQueue], decision.Commands);
    }

    [Fact]
    public void Apply_PublishingAndNothingIsLost_PublishesAgain()
    {
        var publishing = Running(StagePhase.Complete, StagePhase.Complete) with { Phase = JobPhase.Publishing };

        var decision = Observe(publishing, Tally(0, total: 3, committed: 3), Tally(1, total: 1, committed: 1));

        Assert.False(decision.IsChange(publishing));
        Assert.Equal([JobCommand.Publish], decision.Commands);
    }

    [Fact]
    public void Apply_RetryableFailure_WaitsAgainAfterBackoff()
    {
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Tallies = [Tally(0, 3, failed: 1)],
            Failed = [Partition(1, 1, FailureKind.Internal, faults: 1)],
        };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        var change = Assert.Single(decision.PartitionChanges);
        Assert.Equal(
            (1, 1, PartitionState.Failed, PartitionState.Waiting),
            (change.Task.Partition, change.ExpectedAttempt, change.ExpectedState, change.NewState));
        Assert.InRange(change.NotBefore!.Value - Now, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public void Apply_JobFailsWhileOthersRun_ShowsNoneAsRunning()
    {
        var running = Running() with { Progress = new JobProgress { Partitions = new PartitionCounts(4, 1, 2, 1, 0) } };
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Partition(1, 3, FailureKind.BadData, faults: 1)] };

        var ended = JobTransitions.Apply(running, new Observed(facts), Spec).State;

        Assert.Equal((JobPhase.Failed, new PartitionCounts(4, 1, 0, 3, 0)), (ended.Phase, ended.Progress.Partitions));
    }

    [Theory]
    [InlineData(FailureKind.BadData, 0, 0, "bad-row")]
    [InlineData(FailureKind.BadQuery, 0, 0, "query-invalid")]
    [InlineData(FailureKind.Internal, 2, 0, "internal")]
    [InlineData(FailureKind.OutOfMemory, 2, 0, "out-of-memory")]
    [InlineData(FailureKind.ExecutorCrashed, 0, 3, "executor-crashed")]
    public void Apply_FailureThatNoAttemptMends_FailsTheJobAndStopsTheOthers(
        FailureKind kind, int faults, int crashes, string code)
    {
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Partition(1, 3, kind, faults, crashes)] };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Equal((JobPhase.Failed, code), (decision.State.Phase, decision.State.Error!.Code));
        Assert.True(decision.CancelWaiting && decision.CancelRunning);
        Assert.Contains(JobCommand.StopAttempts, decision.Commands);
    }

    [Fact]
    public void Apply_OutOfMemoryForGood_SaysWhatToDo()
    {
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Partition(1, 3, FailureKind.OutOfMemory, faults: 2)] };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Contains("resources.memoryBytes", decision.State.Error!.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_GuessedTypeIsRefuted_PlansAnewInANewEpochAndSaysSo()
    {
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Refuted()] };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Equal((JobPhase.Planning, 2, true), (decision.State.Phase, decision.State.Epoch, decision.DropPlan));
        Assert.Empty(decision.State.Stages);
        Assert.Equal([new WiderType("source", "total", "VARCHAR")], decision.State.WiderTypes);
        Assert.Equal([JobCommand.Plan, JobCommand.PokeQueue], decision.Commands);
        Assert.Contains("line 7", Assert.Single(decision.State.Notes), StringComparison.Ordinal);
        Assert.Contains("total VARCHAR", decision.State.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_GuessedTypeIsRefutedAgain_FailsTheJob()
    {
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Refuted()] };
        var second = Running() with { Epoch = 2, WiderTypes = [new WiderType("source", "total", "DOUBLE")] };

        var decision = JobTransitions.Apply(second, new Observed(facts), Spec);

        Assert.Equal((JobPhase.Failed, "bad-row", false), (decision.State.Phase, decision.State.Error!.Code, decision.DropPlan));
    }

    [Fact]
    public void Apply_PlanKeepsAGuess_NotesIt()
    {
        var plan = Plan with
        {
            Warnings = [new PlanWarning(JobPlan.GuessKept, "The types of the sample hold."), new PlanWarning("skew", "x")],
        };

        var decision = JobTransitions.Apply(State(JobPhase.Planning), new PlanMade(plan, Now), Spec);

        Assert.Equal(["The types of the sample hold."], decision.State.Notes);
    }

    private static PartitionRecord Refuted() => Partition(1, 1, FailureKind.BadData) with
    {
        Failure = new AttemptFailure(FailureKind.BadData, "a.csv, line 7, byte 70: 'X' is not a valid BIGINT.")
        {
            Wider = [new WiderType("source", "total", "VARCHAR")],
        },
    };

    [Fact]
    public void Apply_WorkerLostManyTimes_NeverFailsTheJob()
    {
        var facts = new JobFacts { Now = Now, Plan = Plan, Failed = [Partition(1, 50, FailureKind.WorkerLost, faults: 0)] };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Equal(JobPhase.Running, decision.State.Phase);
        Assert.Single(decision.PartitionChanges);
    }

    [Theory]
    [InlineData(false, JobPhase.Failed)]
    [InlineData(true, JobPhase.Publishing)]
    public void Apply_DeadlinePassedWhilePublishing_HoldsUntilTheOutputIsShown(bool showing, JobPhase expected)
    {
        var publishing = Running(StagePhase.Complete, StagePhase.Complete) with
        {
            Phase = JobPhase.Publishing, IsShowing = showing, DeadlineAt = Now,
        };

        var decision = Observe(publishing, Tally(0, total: 3, committed: 3), Tally(1, total: 1, committed: 1));

        Assert.Equal(expected, decision.State.Phase);
    }

    [Fact]
    public void Apply_ALateTallyWhileTheOutputIsShown_DoesNotRunAgain()
    {
        var showing = Running(StagePhase.Complete, StagePhase.Complete) with { Phase = JobPhase.Publishing, IsShowing = true };

        var decision = Observe(showing, Tally(0, total: 3, committed: 3), Tally(1, total: 1));

        Assert.False(decision.IsChange(showing));
    }

    // A list of failures that was read before a retry fails the job that was just retried; children of two splits get the same
    // numbers.
    [Fact]
    public void Apply_FactsReadBeforeAnotherDecision_SayNothing()
    {
        var state = Running() with { Decisions = 7 };
        var facts = new JobFacts { Now = Now, Plan = Plan, Decisions = 6, Failed = [Partition(1, 3, FailureKind.BadData)] };

        var decision = JobTransitions.Apply(state, new Observed(facts), Spec);

        Assert.Equal((false, 0), (decision.IsChange(state), decision.Commands.Count));
    }

    [Fact]
    public void Apply_ShowRequestedOfAnEarlierEpoch_ChangesNothing()
    {
        var state = State(JobPhase.Publishing) with { Epoch = 2 };

        Assert.False(JobTransitions.Apply(state, new ShowRequested(1), Spec).IsChange(state));
        Assert.True(JobTransitions.Apply(state, new ShowRequested(2), Spec).State.IsShowing);
    }

    [Fact]
    public void Apply_DeadlinePassed_FailsWithJobTimeout()
    {
        var decision = Observe(Running() with { DeadlineAt = Now }, Tally(0, 3, running: 3));

        Assert.Equal((JobPhase.Failed, "job-timeout"), (decision.State.Phase, decision.State.Error!.Code));
    }

    [Fact]
    public void Apply_LatePlanOfACancelledJob_IsIgnored()
    {
        var cancelled = State(JobPhase.Cancelled);

        var decision = JobTransitions.Apply(cancelled, new PlanMade(Plan, Now), Spec);

        Assert.False(decision.IsChange(cancelled));
    }
}
