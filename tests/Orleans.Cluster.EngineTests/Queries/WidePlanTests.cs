using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Tables of thousands of columns: the engine is asked about all of them at once.
/// </summary>
public sealed class WidePlanTests
{
    private const int Columns = 500;
    private const int Rows = 6;

    // None for a column, an item or an aggregate of its own.
    private const int MostQuestions = 30;

    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 512, BroadcastBytes = 512, DirectBytes = 512, TargetBytes = 4 << 20,
    };

    [Theory]
    [InlineData("convert", null, null, Rows)]
    [InlineData("filter", """{"where":"s1 >= 2"}""", null, Rows - 1)]
    [InlineData("select", """{"columns":[#]}""", """{"column":"s{0}"}""", Rows)]
    [InlineData("select", """{"columns":[#]}""", """{"expression":"s{0} + 1","as":"t{0}"}""", Rows)]
    [InlineData(
        "aggregate", """{"groupBy":["g"],"having":"t1 >= 0","aggregates":[#]}""",
        """{"column":"s{0}","function":"sum","as":"t{0}"}""", Rows)]
    [InlineData("sort", """{"by":[{"column":"s1"},{"column":"s2"}]}""", null, Rows)]
    [InlineData("aggregate", """{"groupBy":["g"],"aggregates":[#]}""", """{"column":"s{0}","function":"sum"}""", Rows)]
    [InlineData("aggregate", """{"groupBy":["g"],"aggregates":[#]}""", """{"column":"s{0}","function":"median"}""", Rows)]
    [InlineData("sql", """{"query":"SELECT * FROM source WHERE s2 > (SELECT avg(s3) FROM source)"}""", null, Rows / 2 - 1)]
    [InlineData("sql", """{"query":"SELECT a.* FROM source a JOIN source b USING (g) ORDER BY a.s1, a.s2, a.s3"}""", null, Rows)]
    [InlineData("sql", """{"query":"SELECT g, # FROM source"}""", "s{0} + 1 AS t{0}", Rows)]
    [InlineData("sql", """{"query":"SELECT g, # FROM source GROUP BY g"}""", "max(s{0}) - min(s{0})", Rows)]
    public async Task Plan_ManyColumnsInParts_AsksTheEngineAFewTimes(
        string operation, string? parameters, string? item, int rows)
    {
        using var harness = new EngineHarness { CoalesceBytes = 0 };
        var items = Enumerable.Range(0, Columns).Select(n => item?.Replace("{0}", $"{n}", StringComparison.Ordinal));
        var spec = Spec(
            harness, operation, parameters?.Replace("#", string.Join(",", items), StringComparison.Ordinal),
            Table(Columns, Rows, (row, column) => $"{row + column}"));

        var plan = await harness.Plan(spec, Tiny);

        Assert.True(plan.Datasets["source"].Partitions.Count > 1);
        Assert.InRange(harness.Questions, 1, MostQuestions);
        Assert.Equal(rows, (await harness.Run(plan, spec)).GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Plan_ProfileOfMoreColumnsThanItTakes_NamesTheBound()
    {
        using var harness = new EngineHarness();
        var table = Table(ProfileParameters.MostColumns + 1, Rows, (row, column) => $"{row + column}");

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => harness.Plan(Spec(harness, "profile", "{}", table)));

        Assert.Equal(
            [("/parameters/columns", "query-invalid")], refusal.Problem.Errors!.Select(fault => (fault.Pointer, fault.Code)));
        Assert.Contains("at most 500 columns", refusal.Message, StringComparison.Ordinal);
    }

    private static JobSpec Spec(EngineHarness harness, string operation, string? parameters, string text) => new()
    {
        Operation = Enum.Parse<OperationKind>(operation, ignoreCase: true),
        Source = new SourceSpec { Path = [harness.Write("source.csv", text)], Options = new SourceOptions { Header = true } },
        Partitioning = new PartitioningSpec { MinPartitions = 3 },
        Parameters = parameters is null ? null : JsonDocument.Parse(parameters).RootElement,
    };

    private static string Table(int columns, int rows, Func<int, int, string> value)
    {
        var text = new StringBuilder("g");
        for (var column = 0; column < columns; column++)
        {
            text.Append(CultureInfo.InvariantCulture, $",s{column}");
        }

        for (var row = 0; row < rows; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"\ng{row}");
            for (var column = 0; column < columns; column++)
            {
                text.Append(',').Append(value(row, column));
            }
        }

        return text.Append('\n').ToString();
    }
}
