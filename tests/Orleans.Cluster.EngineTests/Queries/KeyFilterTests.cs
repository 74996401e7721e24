using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Rows and groups of a large table that can match nothing in a small one are dropped before they are written, where the join
/// does not keep them; the result is that of one engine.
/// </summary>
public sealed class KeyFilterTests
{
    private const int LargeRows = 6000;

    private static readonly PlanLimits Small = new()
    {
        GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 16 << 10, SparedBytes = 1024,
    };

    // The small table goes whole to all tasks, and groups of the large one do not.
    private static readonly PlanLimits Broadcast = Small with { BroadcastBytes = 2000 };

    [Theory]
    [InlineData("SELECT large.v, small.t FROM large JOIN small ON large.k = small.k WHERE small.f = 1")]
    [InlineData("SELECT large.v, small.t FROM small LEFT JOIN large ON large.k = small.k WHERE small.f = 1")]
    [InlineData("SELECT large.v, small.t FROM large RIGHT JOIN small ON large.k = small.k WHERE small.f = 1")]
    [InlineData("SELECT v FROM large SEMI JOIN small ON large.k = small.k AND small.f = 1")]
    [InlineData("SELECT t FROM small SEMI JOIN large ON large.k = small.k WHERE f = 1")]
    [InlineData("SELECT t FROM small ANTI JOIN large ON large.k = small.k WHERE f = 1")]
    [InlineData("SELECT t FROM small WHERE f = 1 AND EXISTS (SELECT 1 FROM large WHERE large.k = small.k AND v <> w)")]
    [InlineData("SELECT t FROM small WHERE f = 1 AND NOT EXISTS (SELECT 1 FROM large WHERE large.k = small.k AND v > 9)")]
    public async Task Run_LargeTableJoinedWithFewKeys_WritesTheRowsOfTheseAlone(string query)
    {
        var (plan, written) = await Check(query, Small);

        Assert.Contains(plan.Stages, IsFiltered);
        Assert.InRange(written, 0, 300);
    }

    [Theory]
    [InlineData("SELECT t FROM small WHERE f = 1 AND NOT EXISTS (SELECT 1 FROM large WHERE large.k = small.k AND v > 50)")]
    [InlineData("SELECT t, (SELECT sum(v) FROM large WHERE large.k = small.k) AS v FROM small WHERE f = 1")]
    [InlineData("SELECT t, (SELECT count(*) FROM large WHERE large.k = small.k) AS n FROM small WHERE f = 1")]
    [InlineData("SELECT t FROM small WHERE f = 1 AND w < (SELECT median(v) FROM large WHERE large.k = small.k)")]
    [InlineData("SELECT t, s FROM small JOIN (SELECT k, sum(v) AS s FROM large GROUP BY k) q ON q.k = small.k WHERE f = 1")]
    [InlineData("SELECT t, s FROM small LEFT JOIN (SELECT k, sum(v) AS s FROM large GROUP BY k) q ON q.k = small.k WHERE f = 1")]
    [InlineData("SELECT t, q.k FROM small JOIN (SELECT DISTINCT k FROM large) q ON q.k = small.k WHERE f = 1")]
    public async Task Run_GroupsThatFewKeysAskFor_AreMadeOfTheRowsOfTheseAlone(string query)
    {
        var (plan, written) = await Check(query, Broadcast);

        Assert.Contains(plan.Stages, IsFiltered);
        Assert.InRange(written, 0, 300);
    }

    [Theory]
    [InlineData("SELECT large.v, small.t FROM large LEFT JOIN small ON large.k = small.k AND small.f = 1")]
    [InlineData("SELECT large.v, small.t FROM large FULL JOIN small ON large.k = small.k AND small.f = 1")]
    [InlineData("SELECT v FROM large ANTI JOIN small ON large.k = small.k AND small.f = 1")]
    [InlineData("SELECT v FROM large WHERE NOT EXISTS (SELECT 1 FROM small WHERE small.k = large.k AND f = 1)")]
    [InlineData("SELECT large.v, small.t FROM large JOIN small ON large.k IS NOT DISTINCT FROM small.k WHERE small.f = 1")]
    [InlineData("SELECT large.v, small.t FROM large JOIN small ON large.k = small.d WHERE small.f = 1")]
    [InlineData("SELECT large.v, small.t FROM large JOIN small ON large.k = small.k")]
    [InlineData("SELECT t, v FROM small JOIN (SELECT k, v FROM large ORDER BY v, k LIMIT 5000) q ON q.k = small.k WHERE f = 1")]
    [InlineData("SELECT t, n FROM small JOIN (SELECT k, count(*) OVER () AS n FROM large) q ON q.k = small.k WHERE f = 1")]
    [InlineData("SELECT t, q.k FROM small JOIN (SELECT max(k) AS k FROM large GROUP BY v, k) q ON q.k = small.k WHERE f = 1")]
    public async Task Run_RowsThatAreKeptOrComparedOtherwise_AreWritten(string query)
    {
        var (plan, written) = await Check(query, Small);

        Assert.DoesNotContain(
            plan.Stages, stage => IsFiltered(stage) && stage.Inputs.Any(input => input.Dataset == "large"));
        Assert.InRange(written, 300, long.MaxValue);
    }

    // Its rows are more than each task may read, its keys are not.
    [Fact]
    public async Task Run_SmallSideOfManyRows_PassesOnItsDifferentKeys()
    {
        var (plan, _) = await Check(
            "SELECT l.v, m.w FROM large l JOIN (SELECT k, w FROM large2 WHERE v = 1) m ON l.k = m.k",
            Small with { KeyBytes = 1500 });

        var keys = Assert.Single(plan.Stages, stage => stage.Name == "keys");
        Assert.Contains(plan.Stages, stage => IsFiltered(stage) && stage.Inputs.Any(input => input.Stage == keys.Index));
    }

    [Fact]
    public async Task Plan_UnderTheUsualLimits_DropsNothingOfSmallTables()
    {
        var (plan, _) = await Check(
            "SELECT large.v, small.t FROM large JOIN small ON large.k = small.k WHERE small.f = 1", new PlanLimits());

        Assert.DoesNotContain(plan.Stages, IsFiltered);
    }

    private static bool IsFiltered(StagePlan stage) =>
        stage.Note?.Contains("is among the keys of stage", StringComparison.Ordinal) == true;

    // The plan, and the rows that stages which read the large table wrote, but those of a result.
    private static async Task<(JobPlan Plan, long Written)> Check(string query, PlanLimits limits)
    {
        using var tables = new EngineOracle(
            new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["large"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["v"] = "BIGINT" },
                ["large2"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["v"] = "BIGINT", ["w"] = "BIGINT" },
                ["small"] = new Dictionary<string, string>
                {
                    ["k"] = "BIGINT", ["t"] = "VARCHAR", ["f"] = "INTEGER", ["w"] = "BIGINT", ["d"] = "DOUBLE",
                },
            },
            database =>
            {
                EngineOracle.Execute(database,
                    "CREATE TABLE large AS SELECT CASE WHEN i % 50 = 0 THEN NULL ELSE CAST(i % 1000 AS INTEGER) END AS k, "
                    + $"i % 97 AS v FROM range({LargeRows}) t(i)");
                EngineOracle.Execute(database,
                    "CREATE TABLE large2 AS SELECT CAST(i % 10 AS INTEGER) AS k, i % 7 AS v, i AS w FROM range(2000) t(i)");
                EngineOracle.Execute(database,
                    "CREATE TABLE small AS SELECT CASE WHEN i % 9 = 0 THEN NULL ELSE i * 3 END AS k, 't' || i AS t, "
                    + "CAST(i % 10 AS INTEGER) AS f, i AS w, i * 3.0 AS d FROM range(200) t(i)");
            });

        var (plan, expected, actual) = await tables.Run(query, 4, limits);

        Assert.Equal(
            EngineHarness.Rows(expected).Order(StringComparer.Ordinal), EngineHarness.Rows(actual).Order(StringComparer.Ordinal));
        var stages = plan.Stages.SkipLast(1).Where(stage => stage.Inputs.Any(input => input.Dataset == "large"));
        return (plan, stages.Sum(stage => tables.Harness.Committed[stage.Index].Sum(partition => partition.Manifest!.RowsOut)));
    }
}
