using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.UnitTests.Partitioning;

public sealed class PlanLimitsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1L << 30, 16)]
    [InlineData(64L << 30, 512)]
    [InlineData(16L << 40, 512)]
    public void Targets_OfAnExchange_FollowItsBytesUpToABound(long bytes, int expected) =>
        Assert.Equal(expected, new PlanLimits().Targets(bytes));

    [Fact]
    public void Targets_OfALowerBound_AreNoMore() => Assert.Equal(3, new PlanLimits { MaxTargets = 3 }.Targets(1L << 40));
}
