using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class LookRhythmTests
{
    private static readonly JobFacts Waiting = new() { Now = JobSamples.Now, Tallies = [JobSamples.Tally(0, total: 3)] };

    [Theory]
    [InlineData(JobPhase.Running, 0, 30)]
    [InlineData(JobPhase.Running, 2, 3)]
    [InlineData(JobPhase.Queued, 0, 3)]
    [InlineData(JobPhase.Cancelling, 0, 3)]
    public void IsDue_AfterALook_IsWhenAnEndMayHaveBeenMissed(JobPhase phase, int running, int seconds)
    {
        var rhythm = new LookRhythm();
        rhythm.Begin(JobSamples.Now);
        rhythm.End(JobSamples.Now, phase, running, waiting: 0);
        var due = JobSamples.Now.AddSeconds(seconds);

        Assert.False(rhythm.IsDue(JobSamples.State(phase), due.AddTicks(-1), hasReadings: false));
        Assert.True(rhythm.IsDue(JobSamples.State(phase), due, hasReadings: false));
    }

    [Fact]
    public void IsDue_SomethingIsToBeSeen_IsAtOnce()
    {
        var rhythm = new LookRhythm();
        rhythm.Begin(JobSamples.Now);
        var running = JobSamples.Running();

        Assert.False(rhythm.IsDue(running, JobSamples.Now, hasReadings: false));
        Assert.True(rhythm.IsDue(running, JobSamples.Now, hasReadings: true));
        Assert.True(rhythm.IsDue(running with { DeadlineAt = JobSamples.Now }, JobSamples.Now, hasReadings: false));
        Assert.True(rhythm.IsDue(JobSamples.State(JobPhase.Succeeded), JobSamples.Now, hasReadings: false));
        Assert.True(rhythm.IsDue(null, JobSamples.Now, hasReadings: false));
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(1, 20)]
    [InlineData(25, 20)]
    [InlineData(120, 400)]
    [InlineData(5_000, 2_000)]
    public void Pause_ByHowLongALookTook_IsFourTimesThatWithinBounds(int? took, int pause) => Assert.Equal(
        TimeSpan.FromMilliseconds(pause), LookRhythm.Pause(took is { } ms ? TimeSpan.FromMilliseconds(ms) : null));

    [Theory]
    [InlineData(2, 17, JobPhase.Running, 80)]
    [InlineData(2, 16, JobPhase.Running, 0)]
    [InlineData(0, 9, JobPhase.Running, 80)]
    [InlineData(2, 17, JobPhase.Cancelling, 0)]
    [InlineData(2, 17, null, 0)]
    public void Pause_ManyPartitionsWait_IsLonger(int running, int waiting, JobPhase? phase, int pause)
    {
        var rhythm = new LookRhythm();
        rhythm.Begin(JobSamples.Now);
        rhythm.End(JobSamples.Now, JobPhase.Running, running, waiting);

        Assert.Equal(TimeSpan.FromMilliseconds(pause), rhythm.Pause(null, phase));
    }

    [Fact]
    public void OnlyWaits_QueuedAndNothingRuns_WaitsForAFirstSlot()
    {
        var queued = JobSamples.Running() with { Phase = JobPhase.Queued };

        Assert.True(LookRhythm.OnlyWaits(queued, JobSamples.Spec, Waiting));
        Assert.False(LookRhythm.OnlyWaits(queued, JobSamples.Spec, Waiting with { RunningAttempts = 1 }));
        Assert.False(LookRhythm.OnlyWaits(queued, JobSamples.Spec, Waiting with
        {
            Failed = [JobSamples.Partition(0, failure: FailureKind.Internal)],
        }));
        Assert.False(LookRhythm.OnlyWaits(queued, JobSamples.Spec, Waiting with
        {
            Tallies = [JobSamples.Tally(0, total: 3, committed: 3)],
        }));
        Assert.False(LookRhythm.OnlyWaits(JobSamples.Running(), JobSamples.Spec, Waiting));
    }

    [Fact]
    public void OnlyWaits_NotPlannedYet_WaitsForOtherJobsAlone()
    {
        var accepted = JobSamples.State(JobPhase.Queued);

        Assert.False(LookRhythm.OnlyWaits(accepted, JobSamples.Spec, Waiting with { Tallies = [] }));
        Assert.True(LookRhythm.OnlyWaits(accepted, JobSamples.Spec with
        {
            DependsOn = [JobSamples.Id],
        }, Waiting with { Tallies = [] }));
    }
}
