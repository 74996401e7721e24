using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>Jobs that are cancelled or started again.</summary>
public sealed class JobCancelTransitionsTests
{
    [Fact]
    public void Apply_CancelWhileRunning_IsOverOnlyWhenNothingRuns()
    {
        var cancelling = JobTransitions.Apply(Running(), new CancelRequested(Now), Spec);
        var still = Observe(cancelling.State, Tally(0, 3, running: 1));
        var over = Observe(cancelling.State, Tally(0, 3));

        Assert.Equal((JobPhase.Cancelling, true), (cancelling.State.Phase, cancelling.CancelWaiting));
        Assert.Equal((JobPhase.Cancelling, JobCommand.StopAttempts), (still.State.Phase, Assert.Single(still.Commands)));
        Assert.Equal(JobPhase.Cancelled, over.State.Phase);
    }

    // Its publisher or planner stood still until the job was retried.
    [Fact]
    public void Apply_RefusalOfAnEarlierEpoch_DoesNotEndTheRetry()
    {
        var late = new JobRefused(ProblemDocument.Of(Contracts.ProblemCode.Internal, "late"), Now) { Epoch = 1 };
        var published = new Published(new JobResult(0, 0, [], []), [], Now) { Epoch = 1 };

        var refused = JobTransitions.Apply(Running() with { Epoch = 2 }, late, Spec);
        var succeeded = JobTransitions.Apply(State(JobPhase.Publishing) with { Epoch = 2 }, published, Spec);

        Assert.Equal((JobPhase.Running, JobPhase.Publishing), (refused.State.Phase, succeeded.State.Phase));
        Assert.Equal(JobPhase.Failed, JobTransitions.Apply(Running(), late, Spec).State.Phase);
    }

    // The plan is still being made when somebody cancels: CANCELLED says that nothing works for the job any more.
    [Fact]
    public void Apply_CancelWhilePlanning_IsOverOnlyWhenPlanningHasEnded()
    {
        var cancelling = JobTransitions.Apply(State(JobPhase.Planning), new CancelRequested(Now), Spec);
        var still = JobTransitions.Apply(cancelling.State, new Observed(new JobFacts { Now = Now, IsBusy = true }), Spec);
        var over = JobTransitions.Apply(cancelling.State, new Observed(new JobFacts { Now = Now }), Spec);

        Assert.Equal((JobPhase.Cancelling, JobPhase.Cancelling), (cancelling.State.Phase, still.State.Phase));
        Assert.Equal((JobPhase.Cancelled, Now), (over.State.Phase, over.State.FinishedAt));
    }

    [Theory]
    [InlineData(JobPhase.Succeeded)]
    [InlineData(JobPhase.Failed)]
    [InlineData(JobPhase.Publishing)]
    public void Apply_CancelTooLate_IsRefused(JobPhase phase)
    {
        var decision = JobTransitions.Apply(
            State(phase) with { IsShowing = phase == JobPhase.Publishing }, new CancelRequested(Now), Spec);

        Assert.Equal(Contracts.ProblemCode.JobAlreadyTerminal, decision.Refusal!.Code);
    }

    [Fact]
    public void Apply_RetryOfAFailedJob_KeepsWhatIsCommittedInANewEpoch()
    {
        var failed = Running() with
        {
            Phase = JobPhase.Failed, Error = ProblemDocument.Of(Contracts.ProblemCode.BadRow, "x"), FinishedAt = Now,
        };

        var decision = JobTransitions.Apply(failed, new RetryRequested(HasPlan: true, DeadlineAt: null, []), Spec);

        Assert.Equal((JobPhase.Queued, 2, true), (decision.State.Phase, decision.State.Epoch, decision.ResetUnfinished));
        Assert.Equal((null, null), (decision.State.Error, decision.State.FinishedAt));
        Assert.Equal(failed.Stages, decision.State.Stages);
    }

    // Its artifacts were dropped when it was cancelled.
    [Fact]
    public void Apply_RetryOfACancelledJobThatHadBegun_BeginsAnew()
    {
        var cancelled = Running() with { Phase = JobPhase.Cancelled, FinishedAt = Now, QuarantinedRows = 3 };

        var decision = JobTransitions.Apply(cancelled, new RetryRequested(HasPlan: true, DeadlineAt: null, []), Spec);

        Assert.Equal((JobPhase.Queued, 2, null), (decision.State.Phase, decision.State.Epoch, decision.State.FinishedAt));
        Assert.Equal((true, false), (decision.DropPlan, decision.ResetUnfinished));
        Assert.Equal((0, 0), (decision.State.Stages.Count, decision.State.QuarantinedRows));
        Assert.Contains("from the start", Assert.Single(decision.State.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_RetryOfAJobCancelledBeforeItBegan_KeepsItsPlan()
    {
        var cancelled = State(JobPhase.Cancelled) with { FinishedAt = Now };

        var decision = JobTransitions.Apply(cancelled, new RetryRequested(HasPlan: true, DeadlineAt: null, []), Spec);

        Assert.Equal((JobPhase.Queued, false), (decision.State.Phase, decision.DropPlan));
        Assert.Empty(decision.State.Notes);
    }

    [Fact]
    public void Apply_CancelWhilePublishingAndNothingIsShown_Cancels()
    {
        var publishing = Running(StagePhase.Complete, StagePhase.Complete) with { Phase = JobPhase.Publishing };

        var decision = JobTransitions.Apply(publishing, new CancelRequested(Now), Spec);

        Assert.Equal(JobPhase.Cancelling, decision.State.Phase);
    }
}
