using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Tpch;

/// <summary>The queries as whole jobs: their rows are those of one engine, however the work was cut.</summary>
public sealed class TpchTests : IDisposable
{
    // So small that tables of a few hundred rows are exchanged as large ones would be.
    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 512, BroadcastBytes = 4096, DirectBytes = 512, TargetBytes = 64 << 10,
    };

    private readonly EngineOracle tables = new(TpchTables.Columns, TpchTables.Generate);

    public static TheoryData<int> Numbers => [.. Enumerable.Range(1, 22)];

    public void Dispose() => tables.Dispose();

    // An expression that is used twice, a semi and an anti join.
    [Theory]
    [InlineData(15)]
    [InlineData(21)]
    public async Task Run_QueryOverTwoPartitions_EqualsOneEngine(int number)
    {
        var (_, expected, actual) = await tables.Run(TpchQueries.Text(number), partitions: 2, Tiny);

        EngineOracle.AssertSame(expected, actual);
    }

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Numbers))]
    public async Task Run_QueryOverManyPartitions_EqualsOneEngine(int number)
    {
        var (_, expected, actual) = await tables.Run(TpchQueries.Text(number), partitions: 5, Tiny);

        Assert.NotEqual(0, expected.GetProperty("totalRows").GetInt32());
        EngineOracle.AssertSame(expected, actual);
    }

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Numbers))]
    public async Task Run_QueryOverTheBenchmarksOwnFiles_EqualsOneEngine(int number)
    {
        Assert.SkipWhen(TpchTables.SharedFolder is null, "There is no folder shared/data/tpch-sf0.01 beside the repository.");
        using var files = new EngineOracle(TpchTables.Columns, database => TpchTables.Load(database, TpchTables.SharedFolder!));

        var (plan, expected, actual) = await files.Run(TpchQueries.Text(number), partitions: 3, new PlanLimits());

        EngineOracle.AssertSame(expected, actual);
        Assert.True(TpchScale.ScansInPartitions(plan));
    }

    [Fact]
    public async Task Plan_AtScaleOne_ScansLargeTablesInPartitionsAndGathersLittle()
    {
        var spread = new List<int>();
        var lean = new List<int>();
        foreach (var number in Enumerable.Range(1, 22))
        {
            var plan = await TpchScale.Plan(tables, TpchQueries.Text(number));
            spread.AddRange(TpchScale.ScansInPartitions(plan) ? [number] : []);
            lean.AddRange(TpchScale.MostGathered(plan) <= 50_000_000 ? [number] : []);
        }

        Assert.Equal(Enumerable.Range(1, 22), spread);
        Assert.Equal(Enumerable.Range(1, 22), lean);
    }
}
