using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.UnitTests.Tpch;

/// <summary>The queries as whole jobs: their rows are those of one engine, however the work was cut.</summary>
public sealed class TpchTests
{
    // So small that tables of a few hundred rows are exchanged as large ones would be.
    private static readonly PlanLimits Tiny = new() { GatherBytes = 512, BroadcastBytes = 4096, DirectBytes = 512, TargetBytes = 16 << 10 };

    public static TheoryData<int> Numbers => [.. Enumerable.Range(1, 22)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Run_QueryOverManyPartitions_EqualsOneEngine(int number)
    {
        using var tables = TpchFixture.Generated();

        var plan = await tables.Check(TpchQueries.Text(number), partitions: 3, Tiny);

        Assert.NotEmpty(plan.Stages);
    }
}
