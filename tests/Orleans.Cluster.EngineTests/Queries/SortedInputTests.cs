using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// A sort exchanges no rows where statistics show that partitions follow each other by its first key; what is not sure is sorted
/// by ranges. The order is that of one engine either way.
/// </summary>
public sealed class SortedInputTests : IDisposable
{
    private const int Rows = 20_480;

    // So small that a sort passes an exchange.
    private static readonly PlanLimits Small = new() { GatherBytes = 1 << 10, TargetBytes = 1 << 18 };

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("SELECT k, d, v FROM source ORDER BY k")]
    [InlineData("SELECT k, d FROM source ORDER BY k DESC")]
    [InlineData("SELECT v FROM source ORDER BY k")]
    [InlineData("SELECT * FROM source WHERE d % 3 = 0 ORDER BY v, d")]
    [InlineData("SELECT t, k FROM source ORDER BY t DESC, k")]
    [InlineData("SELECT c FROM source ORDER BY c DESC")]
    [InlineData("SELECT h FROM source ORDER BY h")]
    [InlineData("SELECT n, k FROM source ORDER BY n NULLS LAST, k")]
    [InlineData("SELECT n, k FROM source ORDER BY n DESC NULLS FIRST, k")]
    [InlineData("SELECT y + 1 AS z, x FROM (SELECT k AS x, d AS y FROM source WHERE k > 100) ORDER BY x")]
    [InlineData("SELECT s.k, s.d * 2 AS k2 FROM source AS s ORDER BY s.k")]
    public async Task Plan_PartitionsThatFollowEachOther_AreSortedWhereTheyAre(string query)
    {
        var spec = Job(query);

        var plan = await harness.Plan(spec, Small);
        var result = await harness.Run(plan, spec);

        var stage = Assert.Single(plan.Stages);
        Assert.True(stage.IsWhole);
        Assert.Contains("come before those of the next by", stage.Note, StringComparison.Ordinal);
        Assert.InRange(harness.LastPartitions, 3, 20);
        AssertSame(query, result);
    }

    [Theory]
    [InlineData("SELECT d FROM source ORDER BY d")]
    [InlineData("SELECT h, k FROM source ORDER BY h, k")]
    [InlineData("SELECT h FROM source ORDER BY h DESC")]
    [InlineData("SELECT k FROM source ORDER BY -k")]
    [InlineData("SELECT -k AS k FROM source ORDER BY k")]
    [InlineData("SELECT k FROM source ORDER BY CAST(k AS VARCHAR)")]
    [InlineData("SELECT n, k FROM source ORDER BY n NULLS FIRST, k")]
    [InlineData("SELECT n, k FROM source ORDER BY n DESC NULLS LAST, k")]
    [InlineData("SELECT m FROM source ORDER BY m")]
    [InlineData("SELECT m, k FROM source ORDER BY m, k")]
    [InlineData("SELECT k FROM (SELECT k % 10 AS k FROM source) ORDER BY k")]
    [InlineData("SELECT k FROM source UNION ALL SELECT k FROM source ORDER BY k")]
    [InlineData("SELECT s.k FROM source AS s JOIN source AS u ON s.k = u.m ORDER BY s.k")]
    [InlineData("SELECT k, sum(d) AS s FROM source GROUP BY k ORDER BY k")]
    [InlineData("SELECT k, lag(k) OVER (ORDER BY k DESC) AS l FROM source ORDER BY k")]
    public async Task Plan_OrderThatIsNotThatOfThePartitions_IsMadeAsEver(string query)
    {
        var spec = Job(query);

        var plan = await harness.Plan(spec, Small);
        var result = await harness.Run(plan, spec);

        Assert.True(plan.Stages.Count > 1);
        Assert.All(plan.Stages, stage => Assert.False(stage.IsWhole));
        AssertSame(query, result);
    }

    private void AssertSame(string query, JsonElement result)
    {
        using var single = new SingleEngine();
        single.Execute($"CREATE TABLE source AS {Data}");
        single.AssertSame(query, result, ordered: true);
    }

    private JobSpec Job(string query)
    {
        using var single = new SingleEngine();
        var paths = Enumerable.Range(0, 2).Select(file => Path.Combine(harness.Folder, $"sorted-{file}.parquet")).ToList();
        foreach (var (path, file) in paths.Select((path, file) => (path, file)))
        {
            single.Execute(
                $"COPY (SELECT * FROM ({Data}) WHERE k // {Rows / 2} = {file} ORDER BY k) TO '{path}' (FORMAT parquet, "
                + "ROW_GROUP_SIZE 2048)");
        }

        return new JobSpec
        {
            Operation = OperationKind.Sql,
            Source = new SourceSpec { Path = [.. paths], Format = SourceFormat.Parquet },
            Partitioning = new PartitioningSpec { TargetBytes = 100_000 },
            Parameters = JsonSerializer.SerializeToElement(new { query }),
        };
    }

    // h has the same value on both sides of borders, n is NULL in the last rows, m is in no order, c falls below zero.
    private static string Data =>
        "SELECT k, CAST(k AS DOUBLE) AS d, format('{:06d}', k) AS v, k // 3000 AS h, CASE WHEN k < 19000 THEN k END AS n, "
        + $"k * 7919 % {Rows} AS m, TIMESTAMP '2020-01-01' + to_seconds(k) AS t, "
        + $"CAST((k - 10000) / 100.0 AS DECIMAL(12, 2)) AS c FROM range({Rows}) AS r(k)";
}
