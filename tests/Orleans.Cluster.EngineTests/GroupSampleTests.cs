using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Rows are grouped before they are sent where that leaves fewer of them, and sent as they are where it does not; the result is
/// the same.
/// </summary>
public sealed class GroupSampleTests : IDisposable
{
    private const int Rows = 450_000;

    private const string Aggregates =
        "count(*) AS c, count(v) AS cv, count(*) FILTER (WHERE v > 500) AS cf, sum(v) AS s, sum(v) FILTER (WHERE v > 500) AS sf, "
        + "avg(v) AS a, avg(d) AS ad, sum(d) AS sd, min(t) AS mi, max(d) AS ma, bool_or(v > 900) AS b, any_value(t) AS av, "
        + "count_if(v > 10) AS ci, first(t) AS f, stddev(d) AS m0, "
        + "var_pop(v) FILTER (WHERE v > 500) AS m1, corr(v, d) AS m2, covar_samp(d, v) FILTER (WHERE v > 500) AS m3, "
        + "regr_count(d, v) AS m4, regr_slope(v, d) AS m5";

    // Their last digits depend on which rows came together first.
    private static readonly string Moments = string.Join(", ", Enumerable.Range(0, 6).Select(i => $"round(m{i}, 6)"));

    // So small that groups pass an exchange.
    private static readonly PlanLimits Small = new() { GatherBytes = 1 << 10, TargetBytes = 1 << 20 };

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("k, t", true)]
    [InlineData("k % 60000", false)]
    [InlineData("k % 225000", true)]
    public async Task Run_GroupsOfRows_AreMadeWhereThatLeavesFewer(string keys, bool areAsMany)
    {
        var path = harness.Write("rows.csv", Text());
        var query = $"SELECT count(*) AS n, sum(hash(key0, c, cv, cf, s, sf, a, ad, sd, mi, ma, b, av, ci, f, {Moments})) AS h "
            + $"FROM (SELECT {Aliases(keys)}, {Aggregates} FROM source GROUP BY ALL) q";
        var spec = new JobSpec
        {
            Operation = OperationKind.Sql, Parameters = JsonSerializer.SerializeToElement(new { query }),
            Source = new SourceSpec { Path = [path] }, Partitioning = new PartitioningSpec { MinPartitions = 2 },
        };
        var plan = await harness.Plan(spec, Small);
        Assert.NotNull(plan.Stages[0].Ungrouped);

        var result = await harness.Run(plan, spec);
        var sent = harness.Committed[0].Sum(partition => partition.Manifest!.RowsOut);
        var grouped = await harness.Run(
            plan with { Stages = [plan.Stages[0] with { Ungrouped = null }, .. plan.Stages.Skip(1)] }, spec);

        Assert.Equal(areAsMany, sent == Rows);
        Assert.Equal(grouped.GetProperty("rows").GetRawText(), result.GetProperty("rows").GetRawText());
    }

    private static string Aliases(string keys) =>
        string.Join(", ", keys.Split(", ").Select((key, i) => $"{key} AS key{i.ToString(CultureInfo.InvariantCulture)}"));

    private static string Text()
    {
        var text = new System.Text.StringBuilder("k,v,d,t\n");
        for (var row = 0; row < Rows; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row},");
            text.Append(row % 7 == 0 ? "" : (row % 1000).ToString(CultureInfo.InvariantCulture));
            text.Append(CultureInfo.InvariantCulture, $",{row % 100 * 0.25},t{row % 13}\n");
        }

        return text.ToString();
    }
}
