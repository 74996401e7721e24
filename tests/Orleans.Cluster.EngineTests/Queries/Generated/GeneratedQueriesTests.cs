using System.Globalization;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Generated queries give the rows of one engine, whatever the partitions and the limits. A failure names its seed;
/// <c>ORLEANS_CLUSTER_GENERATED_QUERIES=seed:count</c> makes the long test run these alone; <c>seed:count:40</c> over so many
/// partitions (1, 5 or 40), <c>seed:count:5:keys</c> with those whose tables are joined by key.
/// </summary>
public sealed class GeneratedQueriesTests
{
    private const int QueriesPerTables = 50;
    private const int Handful = 12;
    private const int MostShown = 40;

    // Keys are passed on wherever that is exact, whether it pays or not.
    private const long FreeOfCost = long.MinValue / 2;

    private static readonly PlanLimits[] Limits =
    [
        new(),
        new()
        {
            GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 1024, KeptShare = 1, SparedBytes = FreeOfCost,
        },
        new() { GatherBytes = 1 << 20, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 2048 },
        new()
        {
            GatherBytes = 64, BroadcastBytes = 1 << 20, DirectBytes = 16, TargetBytes = 1024, KeptShare = 1,
            SparedBytes = FreeOfCost, KeyBytes = 200,
        },
    ];

    // Limits under which keys are passed on.
    private static readonly int[] PassingOn = [1, 3];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task Run_GeneratedQuery_EqualsOneEngine(int block) => Check(block * QueriesPerTables, Handful);

    // The keys of a join were asked for below the DISTINCT ON on its other side; a column that a common table does not show was
    // taken for another table's, since none of the columns that it shows was used.
    [Theory]
    [InlineData(1_002_464)]
    [InlineData(7_203_622)]
    public Task Run_QueryOnceDifferent_EqualsOneEngine(int seed) => Check(seed, 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task Run_ManyGeneratedQueries_EqualOneEngine()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_GENERATED_QUERIES") ?? "1000:20000").Split(':');
        int[] numbers = [.. wanted.Take(3).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return Check(numbers[0], numbers[1], numbers.Length > 2 ? numbers[2] : null, isKeyed: wanted.Length > 3);
    }

    [Fact]
    public Task Run_QueryJoinedByKeys_EqualsOneEngine() => Check(2_000_000, 2 * Handful, 5, isKeyed: true);

    /// <summary>
    /// To find what of a query makes the difference: <c>ORLEANS_CLUSTER_GENERATED_QUERY</c> names a file whose first line is
    /// block, partitions and limits (<c>6007 5 1</c>), each further one a query over the tables of that block.
    /// </summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Run_QueriesOfAFile_EqualOneEngine()
    {
        var file = Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_GENERATED_QUERY");
        Assert.SkipWhen(file is null, "ORLEANS_CLUSTER_GENERATED_QUERY names no file.");
        var lines = await File.ReadAllLinesAsync(file!, TestContext.Current.CancellationToken);
        int[] numbers = [.. lines[0].Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        using var tables = await QueryComparison.Of(numbers[0]);
        var found = new List<string>();
        foreach (var query in lines.Skip(1).Where(line => line.Length > 0))
        {
            var (verdict, detail) = await tables.Check(query, isOrdered: false, numbers[1], Limits[numbers[2]]);
            found.Add($"{verdict} {detail}\n    {query}");
        }

        Assert.True(found.TrueForAll(each => each.StartsWith(nameof(Verdict.Same), StringComparison.Ordinal)),
            string.Join('\n', found));
    }

    private static async Task Check(int first, int count, int? partitionsOfAll = null, bool isKeyed = false)
    {
        var counts = new Dictionary<Verdict, int>();
        var found = new List<string>();
        var withKeys = 0;
        for (var seed = first; seed < first + count;)
        {
            var block = seed / QueriesPerTables;
            using var tables = await QueryComparison.Of(block);
            for (; seed < first + count && seed / QueriesPerTables == block; seed++)
            {
                var (query, isOrdered) = isKeyed ? (KeyedQuery.Of(seed, block), false) : GeneratedQuery.Of(seed, block);
                var partitions = partitionsOfAll ?? (seed % 3 == 0 ? 1 : 5);
                var limits = isKeyed ? PassingOn[seed % PassingOn.Length] : seed / 3 % Limits.Length;
                var (verdict, detail) = await tables.Check(query, isOrdered, partitions, Limits[limits]);
                counts[verdict] = counts.GetValueOrDefault(verdict) + 1;
                if (verdict is Verdict.Different or Verdict.Refused)
                {
                    found.Add($"{seed} {verdict} ({partitions} partitions, limits {limits}): {detail}\n    {query}");
                }
            }

            withKeys += tables.PlansWithKeys;
        }

        TestContext.Current.SendDiagnosticMessage(
            string.Join(", ", counts.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}"))
            + $", rows dropped by keys in {withKeys}");
        Assert.True(withKeys > 0 || !isKeyed, "No query had its rows dropped by keys.");
        Assert.True(found.Count == 0, $"{found.Count} of {count}:\n{string.Join('\n', found.Take(MostShown))}");
    }
}
