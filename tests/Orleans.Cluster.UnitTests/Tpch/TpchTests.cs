using Orleans.Cluster.Contracts.Plans;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.UnitTests.Tpch;

/// <summary>The queries as whole jobs: their rows are those of one engine, however the work was cut.</summary>
public sealed class TpchTests : IDisposable
{
    // So small that tables of a few hundred rows are exchanged as large ones would be.
    private static readonly PlanLimits Tiny = new() { GatherBytes = 512, BroadcastBytes = 4096, DirectBytes = 512, TargetBytes = 64 << 10 };

    private readonly TpchFixture tables = TpchFixture.Generated();

    public static TheoryData<int> Numbers => [.. Enumerable.Range(1, 22)];

    public void Dispose() => tables.Dispose();

    // Outer and semi joins, correlated subqueries of all kinds, a shared expression, distinct counts.
    [Theory]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(21)]
    public async Task Run_QueryOverTwoPartitions_EqualsOneEngine(int number) =>
        Assert.NotEmpty((await tables.Check(TpchQueries.Text(number), partitions: 2, Tiny)).Stages);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Numbers))]
    public async Task Run_QueryOverManyPartitions_EqualsOneEngine(int number) =>
        Assert.NotEmpty((await tables.Check(TpchQueries.Text(number), partitions: 5, Tiny)).Stages);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Numbers))]
    public async Task Run_QueryOverTheBenchmarksOwnFiles_EqualsOneEngine(int number)
    {
        Assert.SkipWhen(TpchFixture.SharedFolder is null, "There is no folder shared/data/tpch-sf0.01 beside the repository.");
        using var files = TpchFixture.OfFiles(TpchFixture.SharedFolder!);

        var plan = await files.Check(TpchQueries.Text(number), partitions: 3, new PlanLimits(), mayBeEmpty: true);

        Assert.NotEmpty(plan.Stages);
    }

    [Fact]
    public async Task Plan_AtScaleOne_ScansLargeTablesInPartitionsAndGathersLittle()
    {
        var spread = new List<int>();
        var lean = new List<int>();
        foreach (var number in Enumerable.Range(1, 22))
        {
            var plan = await tables.PlanAtScaleOne(TpchQueries.Text(number));
            var inputs = plan.Stages.SelectMany(stage => stage.Inputs).ToList();
            TestContext.Current.TestOutputHelper?.WriteLine(TpchFixture.Describe(number, plan));
            if (inputs.Where(input => input.Dataset is { } name && plan.Datasets[name].Partitions.Count > 1).All(input => input.Mode == InputMode.Partition)
                && inputs.Exists(input => input.Mode == InputMode.Partition))
            {
                spread.Add(number);
            }

            if (inputs.Where(input => input.Mode == InputMode.All).All(input => input.EstimatedBytes <= 50 << 20))
            {
                lean.Add(number);
            }
        }

        Assert.True(spread.Count >= 18, $"Only {string.Join(", ", spread)} scan large tables in partitions.");
        Assert.True(lean.Count >= 12, $"Only {string.Join(", ", lean)} gather at most 50 MB into any input.");
    }
}
