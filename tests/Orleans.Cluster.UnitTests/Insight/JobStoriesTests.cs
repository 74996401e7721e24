using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Planning.Insight;
using Orleans.Cluster.Planning.Jobs;
using static Orleans.Cluster.UnitTests.Insight.InsightFacts;

namespace Orleans.Cluster.UnitTests.Insight;

public sealed class JobStoriesTests
{
    [Fact]
    public void Tell_EvenJob_HasNoFindings()
    {
        var facts = Facts(
            [Partition(0, 1000), Partition(1, 1000), Partition(2, 1000)],
            [Attempt(0, 0, 2), Attempt(1, 0, 2.1), Attempt(2, 2, 4)]);

        var story = JobStories.Tell(facts);

        Assert.Equal(
            "The job succeeded after 20.5 s: 3 partitions in 1 stage. It waited 500 ms before its first attempt began.",
            story.Verdict);
        Assert.Empty(story.Findings);
        Assert.Equal([("QUEUED", 0.5), ("RUNNING", 20.0)], story.Phases.Select(phase => (phase.Phase, phase.Seconds)));
    }

    [Fact]
    public void Tell_OneKeyWithMostRows_NamesItsPartition()
    {
        var facts = Facts(
            [Partition(0, 1000, 1), Partition(1, 900_000, 1), Partition(2, 1200, 1)],
            [Attempt(0, 0, 0.2, stage: 1), Attempt(1, 0, 0.9, stage: 1), Attempt(2, 0, 0.2, stage: 1)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal("skew", finding.Code);
        Assert.Equal(
            "Partition 1 of stage 1 has far more to do than the others; one key, or few, hold most of its rows.", finding.Detail);
        Assert.Equal(
            "It read 900,000 rows in 900 ms on worker-1; the median of the stage is 1,200 rows in 200 ms.", finding.Evidence);
        Assert.Null(finding.Change);
    }

    [Fact]
    public void Tell_OnePartitionTakesFarLongerForAsManyRows_SuggestsNothing()
    {
        var facts = Facts(
            [Partition(0, 1000), Partition(1, 1000), Partition(2, 1000)], [Attempt(0, 0, 1), Attempt(1, 0, 9), Attempt(2, 0, 1)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal("Partition 1 of stage 0 took far longer than the others, for about as many rows.", finding.Detail);
        Assert.Null(finding.Change);
    }

    [Fact]
    public void Tell_OnePartitionOfTheSourceIsLarger_SuggestsSmallerPartitions()
    {
        var facts = Facts(
            [Partition(0, 1000), Partition(1, 4000), Partition(2, 1000)], [Attempt(0, 0, 1), Attempt(1, 0, 9), Attempt(2, 0, 1)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal(
            ("skew", "/partitioning/targetBytes", "26214400"),
            (finding.Code, finding.Change!.Pointer, finding.Change.Value.GetRawText()));
    }

    [Theory]
    [InlineData(300_000, null)]
    [InlineData(3_000, "Stage 0 (scan) wrote far more rows than the plan was made for. "
        + "40,000 rows instead of about 3,000 rows, 13 times as many.")]
    [InlineData(4_000_000, "Stage 0 (scan) wrote far fewer rows than the plan was made for. "
        + "40,000 rows instead of about 4,000,000 rows, 100 times as few.")]
    public void Tell_OtherRowsThanThePlanWasMadeFor_SaysHowManyTimes(long estimated, string? expected)
    {
        var partition = Partition(0, 50_000);
        var facts = Facts(
            [partition with { Manifest = partition.Manifest! with { RowsOut = 40_000 } }], [Attempt(0, 0, 1)]) with
        {
            Stages =
            [
                new StagePlan
                {
                    Index = 0, Name = "scan", Query = "", Inputs = [], Output = new TaskOutput { Kind = OutputKind.Single },
                    Columns = [], EstimatedRows = estimated,
                },
            ],
        };

        var found = JobStories.Tell(facts).Findings.Where(finding => finding.Code == "misestimate");

        Assert.Equal(expected is null ? [] : [expected], found.Select(finding => $"{finding.Detail} {finding.Evidence}"));
    }

    [Fact]
    public void Tell_LostWorker_NamesItAndWhatItCost()
    {
        var facts = Facts(
            [Partition(0, 1000), Partition(1, 1000)],
            [Attempt(0, 0, 3, "worker-a", AttemptState.Lost), Attempt(0, 4, 6, "worker-b", number: 2),
                Attempt(1, 0, 2, "worker-b")]);

        var story = JobStories.Tell(facts);

        var finding = Assert.Single(story.Findings);
        Assert.Equal(("worker-lost", "worker-a: 1 attempt, 3 s of work, ran again elsewhere."), (finding.Code, finding.Evidence));
        Assert.Contains("1 attempt was lost with its worker.", story.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_WritesTakeMostOfTheTime_NamesTheStage()
    {
        var cost = new TaskCost(CpuSeconds: 0.4, PeakMemoryBytes: 1, SpilledBytes: 0, Seconds: 0.5);
        var facts = Facts(
            [Partition(0, 1000), Partition(1, 1000), Partition(2, 1000)],
            [Attempt(0, 0, 3, cost: cost), Attempt(1, 0, 3, cost: cost), Attempt(2, 0, 3, cost: cost)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal("slow-writes", finding.Code);
        Assert.StartsWith(
            "7.5 s of 9 s passed before or after the engine's own work", finding.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_OutOfMemory_SuggestsTwiceTheMemory()
    {
        var facts = Facts(
            [Partition(0, 1000)],
            [Attempt(0, 0, 3, state: AttemptState.Failed, failure: FailureKind.OutOfMemory), Attempt(0, 4, 6, number: 2)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal(("out-of-memory", "2147483648"), (finding.Code, finding.Change!.Value.GetRawText()));
    }

    [Fact]
    public void Tell_FailedAttempts_AreCountedByKindWithTheLastMessage()
    {
        var facts = Facts(
            [Partition(0, 1000)],
            [Attempt(0, 0, 1, state: AttemptState.Failed, failure: FailureKind.ExecutorCrashed), Attempt(0, 2, 3, number: 2)]);

        var finding = Assert.Single(JobStories.Tell(facts).Findings);

        Assert.Equal("1 attempt failed: EXECUTOR_CRASHED (1).", finding.Detail);
        Assert.Equal("The last one says: It ended with ExecutorCrashed.", finding.Evidence);
    }
}
