using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>Moments of groups whose rows are in several partitions are those of one engine.</summary>
public sealed class MomentsTests : IDisposable
{
    private const string Query =
        "SELECT k, stddev(x) AS a, var_pop(x) AS b, corr(y, x) AS c, corr(x, y) AS d, covar_samp(y, x) AS e, "
        + "regr_avgx(y, x) AS f, regr_avgy(y, x) AS g, regr_sxx(y, x) AS h, regr_syy(y, x) AS i, regr_sxy(y, x) AS j, "
        + "regr_slope(y, x) AS l, regr_intercept(y, x) AS m, regr_r2(y, x) AS n, regr_r2(x, y) AS o, regr_count(y, x) AS p, "
        + "regr_slope(y, x) FILTER (WHERE y > 20) AS q FROM source GROUP BY k";

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 20)]
    public async Task Run_MomentsOfGroups_AreThoseOfOneEngine(int gatherBytes)
    {
        var path = harness.Write("rows.csv", Text());
        var spec = new JobSpec
        {
            Operation = OperationKind.Sql, Parameters = JsonSerializer.SerializeToElement(new { query = Query }),
            Source = new SourceSpec { Path = [path] }, Partitioning = new PartitioningSpec { MinPartitions = 3 },
        };
        var plan = await harness.Plan(spec, new PlanLimits { GatherBytes = gatherBytes });

        var result = await harness.Run(plan, spec);

        Assert.Equal("partial", plan.Stages[0].Name);
        Assert.True(harness.Committed[0].Count > 2);
        using var engine = new SingleEngine();
        engine.Table("source", path, new Dictionary<string, string> { ["k"] = "BIGINT", ["x"] = "DOUBLE", ["y"] = "DOUBLE" });
        engine.AssertSame(Query, result, ordered: false);
    }

    // Of group 0, which each partition has another number of, x is the same: its mean has a rounding error that depends on the
    // number. Group 1 has NULLs, group 2 no pair, group 3 one row, group 4 the same y; all others some rows here and there.
    private static string Text()
    {
        var text = new StringBuilder("k,x,y\n3,1.5,22\n");
        for (var row = 0; row < 20_000; row++)
        {
            var (key, x, y) = (row % 11, row % 97 * 0.1, row % 89 * 0.7 + row % 97);
            var (xs, ys) = (x.ToString("R", CultureInfo.InvariantCulture), y.ToString("R", CultureInfo.InvariantCulture));
            text.Append(key switch
            {
                0 => row % 5 == 0 || row < 3000 ? $"0,0.1,{ys}\n" : "",
                1 => row % 3 == 0 ? $"1,,{ys}\n" : row % 5 == 0 ? $"1,{xs},\n" : $"1,{xs},{ys}\n",
                2 => row % 2 == 0 ? $"2,,{ys}\n" : $"2,{xs},\n",
                3 => "",
                4 => $"4,{xs},0.3\n",
                _ => $"{(key == 5 ? row / 2 : key).ToString(CultureInfo.InvariantCulture)},{xs},{ys}\n",
            });
        }

        return text.ToString();
    }
}
