using Orleans.Cluster.Protocol;
using Orleans.Cluster.Planning.Insight;
using static Orleans.Cluster.UnitTests.Insight.InsightFacts;

namespace Orleans.Cluster.UnitTests.Insight;

public sealed class OperatorProfilesTests
{
    [Fact]
    public void Merge_PartitionsOfOneStage_SumsAndFindsMedianAndLongest()
    {
        var attempts = new[] { 0.1, 0.3, 0.8 }.Select((seconds, index) => Attempt(index, 0, 1, cost: Cost(
            new OperatorCost(null, "HASH_GROUP_BY", "gene", seconds, 100, 10),
            new OperatorCost(0, "TABLE_SCAN", null, 0.01, 0, 100))));

        var stage = Assert.Single(OperatorProfiles.Merge(attempts).Stages);

        Assert.Equal(3, stage.Partitions);
        Assert.Equal(
            [("HASH_GROUP_BY", 1.2, 0.3, 0.8, 300L, 30L), ("TABLE_SCAN", 0.03, 0.01, 0.01, 0L, 300L)],
            stage.Operators.Select(each =>
            (each.Name, each.Seconds.Sum, each.Seconds.Median, each.Seconds.Max, each.Rows.In, each.Rows.Out)));
        Assert.Equal([null, 0], stage.Operators.Select(each => each.Parent));
    }

    [Fact]
    public void Merge_TreesThatDiffer_ShowsTheUsualOne()
    {
        var scan = new OperatorCost(null, "TABLE_SCAN", null, 1, 0, 5);
        var attempts = new[] { Attempt(0, 0, 1, cost: Cost(scan)), Attempt(1, 0, 1, cost: Cost(scan)),
            Attempt(2, 0, 1, cost: Cost(scan with { Name = "EMPTY_RESULT" })) };

        var stage = Assert.Single(OperatorProfiles.Merge(attempts).Stages);

        Assert.Equal((2, "TABLE_SCAN"), (stage.Partitions, Assert.Single(stage.Operators).Name));
    }

    [Fact]
    public void Merge_NothingMeasured_IsEmpty() =>
        Assert.Empty(OperatorProfiles.Merge([Attempt(0, 0, 1), Attempt(1, 0, null)]).Stages);

    private static TaskCost Cost(params OperatorCost[] operators) => new(1, 1, 0, 1, 0, operators);
}
