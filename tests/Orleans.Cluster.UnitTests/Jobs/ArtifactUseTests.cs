using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using static Orleans.Cluster.UnitTests.Jobs.JobSamples;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>What a job has in the artifact store, in each of its phases.</summary>
public sealed class ArtifactUseTests
{
    private static readonly StageTally[] Tallies =
        [Tally(0, 3, committed: 3) with { BytesOut = 500 }, Tally(1, 1, committed: 1) with { BytesOut = 20 }];

    [Theory]
    [InlineData(JobPhase.Running, 527)]
    [InlineData(JobPhase.Publishing, 527)]
    [InlineData(JobPhase.Failed, 520)]
    [InlineData(JobPhase.Cancelled, 0)]
    [InlineData(JobPhase.Succeeded, 20)]
    public void Of_EachPhase_IsWhatIsKept(JobPhase phase, long expected) =>
        Assert.Equal(expected, ArtifactUse.Of(State(phase), Spec with { Output = null }, Plan, Tallies, running: 7));

    [Fact]
    public void Of_ResultWentToAFolderOfTheCallers_IsItsTablesAlone()
    {
        var plan = Plan with { Tables = new Dictionary<string, int> { ["keys"] = 0 } };
        var spec = Spec with { Output = new OutputSpec { Path = "out" } };

        Assert.Equal(500, ArtifactUse.Of(State(JobPhase.Succeeded), spec, plan, Tallies, running: 0));
        Assert.Equal(0, ArtifactUse.Of(State(JobPhase.Succeeded), spec, Plan, Tallies, running: 0));
    }

    // An activation that decides before it has looked must not forget what an earlier one stored.
    [Fact]
    public void Of_NumbersWereNotRead_StaysAsItWas() =>
        Assert.Equal(42, ArtifactUse.Of(State(JobPhase.Failed) with { ArtifactBytes = 42 }, Spec, Plan, [], running: 0));

    [Theory]
    [InlineData(1000, 0, JobPhase.Running)]
    [InlineData(1001, 0, JobPhase.Failed)]
    [InlineData(700, 300, JobPhase.Running)]
    [InlineData(700, 301, JobPhase.Failed)]
    public void Apply_ArtifactsOfAllStages_UpToTheJobsBudget(long written, long beingWritten, JobPhase expected)
    {
        var tallies = new[] { Tally(0, 2, committed: 2) with { BytesOut = 600 },
            Tally(1, 2, committed: 1, running: 1) with { BytesOut = written - 600 } };
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Tallies = tallies, RunningAttempts = 1, BytesBeingWritten = beingWritten,
            MostArtifactBytes = 1000,
        };

        var decision = JobTransitions.Apply(Running(StagePhase.Complete, StagePhase.Open), new Observed(facts), Spec);

        Assert.Equal(expected, decision.State.Phase);
        Assert.Equal(expected == JobPhase.Failed, decision.CancelRunning);
        if (expected == JobPhase.Failed)
        {
            Assert.Equal(ProblemCode.OutOfDisk.Word, decision.State.Error!.Code);
            Assert.Contains(
                "have written 1001 bytes, and a job may have 1000", decision.State.Error.Detail, StringComparison.Ordinal);
        }
    }

    // It is the caller's other jobs that fill the store, and this one that adds to it.
    [Theory]
    [InlineData(1000, 1, JobPhase.Running)]
    [InlineData(1001, 0, JobPhase.Running)]
    [InlineData(1001, 1, JobPhase.Failed)]
    public void Apply_ArtifactsOfTheCaller_UpToItsBound(long ofCaller, long written, JobPhase expected)
    {
        var facts = new JobFacts
        {
            Now = Now, Plan = Plan, Tallies = [Tally(0, 2, committed: 1, running: 1) with { BytesOut = written }],
            RunningAttempts = 1, Caller = new CallerUse(ofCaller, 1000),
        };

        var decision = JobTransitions.Apply(Running(), new Observed(facts), Spec);

        Assert.Equal(expected, decision.State.Phase);
        if (expected == JobPhase.Failed)
        {
            Assert.Equal(ProblemCode.QuotaExceeded.Word, decision.State.Error!.Code);
            Assert.Contains("have 1001 bytes in the artifact store", decision.State.Error.Detail, StringComparison.Ordinal);
        }
    }
}
