using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class JobStatusViewTests
{
    // The slots that are busy are its own: it runs, whatever the queue said of it a moment before.
    [Fact]
    public void Of_RunsAndTheQueueSaysThatItWaits_SaysThatItRuns()
    {
        var state = JobSamples.Running() with { Progress = new JobProgress { Partitions = new PartitionCounts(3, 0, 2, 1, 0) } };

        var status = View(state, ReasonCode.WaitingForSlot);

        Assert.Equal((JobPhase.Running, ReasonCode.Running), (status.Phase, status.Reason!.Code));
    }

    [Fact]
    public void Of_RunningBetweenTwoAttempts_StaysRunningWithItsReason()
    {
        var status = View(JobSamples.Running(), ReasonCode.QueuedBehind);

        Assert.Equal((JobPhase.Running, ReasonCode.QueuedBehind), (status.Phase, status.Reason!.Code));
    }

    [Theory]
    [InlineData(ReasonCode.QueuedBehind, ReasonCode.QueuedBehind)]
    [InlineData(ReasonCode.NoWorkers, ReasonCode.NoWorkers)]
    [InlineData(ReasonCode.Running, ReasonCode.WaitingForSlot)] // A slot was given to it, and its first attempt has not begun.
    public void Of_PlannedAndNoAttemptHasBegun_IsQueued(ReasonCode said, ReasonCode shown)
    {
        var status = View(JobSamples.Running() with { Phase = JobPhase.Queued }, said);

        Assert.Equal((JobPhase.Queued, shown), (status.Phase, status.Reason!.Code));
    }

    [Theory]
    [InlineData(ReasonCode.QueuedBehind, ReasonCode.Planning)]
    [InlineData(ReasonCode.WaitingForDependency, ReasonCode.WaitingForDependency)]
    public void Of_AcceptedAndNotPlanned_IsAboutToBePlanned(ReasonCode said, ReasonCode shown) =>
        Assert.Equal(shown, View(JobSamples.State(JobPhase.Queued), said).Reason!.Code);

    private static JobStatus View(JobState state, ReasonCode said) =>
        JobStatusView.Of(
            new JobRecord(state, JobSamples.Spec, null, HasPlan: true), new JobReason(said, "said by the queue"), null,
            JobSamples.Now);
}
