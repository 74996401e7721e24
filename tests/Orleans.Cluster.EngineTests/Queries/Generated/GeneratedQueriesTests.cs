using System.Globalization;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Generated queries give the rows of one engine, whatever the partitions and the limits. A failure names its seed;
/// <c>ORLEANS_CLUSTER_GENERATED_QUERIES=seed:count</c> makes the long test run these alone.
/// </summary>
public sealed class GeneratedQueriesTests
{
    private const int QueriesPerTables = 50;
    private const int MostShown = 40;

    private static readonly PlanLimits[] Limits =
    [
        new(),
        new() { GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 1024 },
        new() { GatherBytes = 1 << 20, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 2048 },
        new() { GatherBytes = 64, BroadcastBytes = 1 << 20, DirectBytes = 16, TargetBytes = 1024 },
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task Run_GeneratedQuery_EqualsOneEngine(int block) => Check(block * QueriesPerTables, QueriesPerTables);

    [Fact]
    [Trait("Category", "Long")]
    public Task Run_ManyGeneratedQueries_EqualOneEngine()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_GENERATED_QUERIES") ?? "1000:20000").Split(':');
        return Check(int.Parse(wanted[0], CultureInfo.InvariantCulture), int.Parse(wanted[1], CultureInfo.InvariantCulture));
    }

    private static async Task Check(int first, int count)
    {
        var counts = new Dictionary<Verdict, int>();
        var found = new List<string>();
        for (var seed = first; seed < first + count;)
        {
            var block = seed / QueriesPerTables;
            using var tables = await QueryComparison.Of(block);
            for (; seed < first + count && seed / QueriesPerTables == block; seed++)
            {
                var (query, isOrdered) = GeneratedQuery.Of(seed, block);
                var partitions = seed % 3 == 0 ? 1 : 5;
                var (verdict, detail) = await tables.Check(query, isOrdered, partitions, Limits[seed / 3 % Limits.Length]);
                counts[verdict] = counts.GetValueOrDefault(verdict) + 1;
                if (verdict is Verdict.Different or Verdict.Refused)
                {
                    found.Add($"{seed} {verdict} ({partitions} partitions, limits {seed / 3 % Limits.Length}): {detail}\n    {query}");
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage(string.Join(", ", counts.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
        Assert.True(found.Count == 0, $"{found.Count} of {count}:\n{string.Join('\n', found.Take(MostShown))}");
    }
}
