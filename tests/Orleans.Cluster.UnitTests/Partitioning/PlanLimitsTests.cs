using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.UnitTests.Partitioning;

public sealed class PlanLimitsTests
{
    // A cluster has up to 512 slots; a partition writes a file for each target.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1L << 30, 16)]
    [InlineData(64L << 30, 512)]
    [InlineData(1L << 40, 190)]
    [InlineData(16L << 40, 64)]
    public void Targets_OfAnExchange_AreEnoughForTheSlotsAndNotTooManyFiles(long bytes, int expected) =>
        Assert.Equal(expected, new PlanLimits().Targets(bytes));
}
