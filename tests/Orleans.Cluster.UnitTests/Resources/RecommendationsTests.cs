using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.UnitTests.Resources;

public sealed class RecommendationsTests
{
    private static readonly JobUsage Usage = new(8, 4, 150L << 20, 0, 5, 5, 6, 100_000_000, 0);
    private static readonly QueueStatus Idle = new([], [], 0, 4, 2);

    [Fact]
    public void Make_TenTimesTheMemory_SaysHowManyMoreRunAtOnce()
    {
        var advice = Assert.Single(Recommendations.Make([Job(2L << 30, Usage)], [Worker(slots: 4, 2L << 30)], Idle));

        Assert.Equal("memory-too-large", advice.Code);
        Assert.Equal(256L << 20, advice.Settings["/resources/memoryBytes"]);
        Assert.Equal("4 partitions run at once instead of 1.", advice.ExpectedGain);
    }

    [Fact]
    public void Make_MemoryThatCostsNoParallelism_IsSilent() =>
        Assert.Empty(Recommendations.Make([Job(1L << 30, Usage)], [Worker(slots: 1, 1L << 30)], Idle));

    [Fact]
    public void Make_OutOfMemory_WantsMore() =>
        Assert.Equal(
            "memory-too-small",
            Assert.Single(
                Recommendations.Make([Job(1L << 30, Usage with { OutOfMemory = 1 })], [Worker(4, 2L << 30)], Idle)).Code);

    [Fact]
    public void Make_ShortPartitions_WantsLargerOnes()
    {
        var usage = Usage with
        {
            Attempts = 200, MeanSeconds = 0.05, MedianSeconds = 0.05, MaxSeconds = 0.1, MeanBytes = 200_000,
        };

        var advice = Assert.Single(Recommendations.Make([Job(256L << 20, usage)], [Worker(4, 1L << 30)], Idle));

        Assert.Equal(("partitions-too-small", 2_400_000L), (advice.Code, advice.Settings["/partitioning/targetBytes"]));
    }

    [Fact]
    public void Make_OneLongAttempt_IsSkew() => Assert.Contains(
        Recommendations.Make([Job(256L << 20, Usage with { MaxSeconds = 60 })], [Worker(4, 1L << 30)], Idle),
        advice => advice.Code == "skew");

    [Fact]
    public void Make_FullSlotsAndALongBacklog_WantsWorkers()
    {
        var queue = new QueueStatus([new PriorityBacklog(JobPriority.Normal, 1, 40, 10)], [], 4, 4, 4);

        var advice = Assert.Single(Recommendations.Make([Job(256L << 20, Usage)], [Worker(4, 1L << 30)], queue));

        Assert.Equal(("add-workers", 2L), (advice.Code, advice.Settings["workers"]));
        Assert.Equal("What waits now is done in about 25 s instead of 50 s.", advice.ExpectedGain);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    public void Make_FewSlotsBusyAndNothingWaits_WantsFewerWorkers(int busy, int expected)
    {
        var queue = new QueueStatus([], [], busy, 4, busy);

        var advice = Recommendations.Make([], [.. Enumerable.Repeat(Worker(1, 1L << 30), 4)], queue);

        Assert.Equal(expected, advice.Count(item => item.Code == "remove-workers"));
    }

    private static JobResources Job(long asked, JobUsage usage) =>
        new(JobId.Parse("01JD0000000000000000000001"), null, JobPhase.Succeeded, new ResourceRequest { MemoryBytes = asked }, 0,
            usage);

    private static WorkerResources Worker(int slots, long memory) =>
        new(new WorkerId("w-1"), WorkerState.Active, slots, 2, new WorkerMemory(memory, 0, 0), 0, 0);
}
