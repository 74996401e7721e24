using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// A value that no sample shows and that does not fit the guessed type: the task says which types hold all that it read, so that
/// the job can be planned anew; a declared type is never changed.
/// </summary>
public sealed class RefutedGuessTests : IDisposable
{
    private const int Rows = 160_000;

    // Behind the head of 1 MiB and before the next piece of any sample.
    private const int Late = 50_000;
    private const int LateJson = 45_000;

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    public static TheoryData<string, BadRowPolicy> Kinds =>
        new MatrixTheoryData<string, BadRowPolicy>(["csv", "csv.gz", "csv.bgz"], [BadRowPolicy.Fail, BadRowPolicy.Quarantine]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Run_TextThatASampleDidNotShow_AsksForTypesThatHoldAllOfIt(string kind, BadRowPolicy policy)
    {
        var spec = Spec(Write(kind), null, policy);
        var plan = await harness.Plan(spec);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(plan, spec));

        Assert.Equal(["BIGINT", "BIGINT", "DATE", "VARCHAR"], plan.Datasets["source"].Columns.Select(column => column.Type));
        Assert.Contains($"line {Late + 2}, ", refused.Message, StringComparison.Ordinal);
        Assert.Equal([("source", "chrom", "VARCHAR"), ("source", "v", "DOUBLE"), ("source", "d", "TIMESTAMP")], Wider());
        Assert.Equal(
            ["[\"X\",160000,12799920000.5,\"2024-01-31T12:00:00\"]"],
            EngineHarness.Rows(await harness.Run(await harness.PlanWider(spec), spec)));
    }

    [Theory]
    [InlineData(BadRowPolicy.Fail)]
    [InlineData(BadRowPolicy.Quarantine)]
    public async Task Run_DeclaredType_IsNeverWidened(BadRowPolicy policy)
    {
        var types = new Dictionary<string, string> { ["chrom"] = "BIGINT", ["v"] = "DOUBLE", ["d"] = "TIMESTAMP" };
        var spec = Spec(Write("csv"), types, policy);

        var refused = await Record.ExceptionAsync(() => harness.Run(spec));

        Assert.Equal(policy == BadRowPolicy.Fail ? 0 : 1, harness.Quarantined);
        Assert.Equal(policy == BadRowPolicy.Fail, refused is ClusterException { Code: var code }
            && code == Contracts.ProblemCode.BadRow);
        Assert.Null(harness.LastFailure?.Wider);
    }

    [Theory]
    [InlineData(BadRowPolicy.Fail)]
    [InlineData(BadRowPolicy.Quarantine)]
    public async Task Run_JsonThatASampleDidNotShow_AsksForTypesThatHoldAllOfIt(BadRowPolicy policy)
    {
        var text = new StringBuilder();
        for (var row = 0; row < Rows; row++)
        {
            var (n, a, l) = row == LateJson ? ("1.5", "\"x\"", "2.5") : ("1", "2", "3");
            text.Append(CultureInfo.InvariantCulture, $"{{\"n\":{n},\"s\":{{\"a\":{a},\"b\":1}},\"l\":[1,{l}]}}\n");
        }

        var spec = new JobSpec
        {
            Operation = OperationKind.Sql,
            OnBadRow = policy,
            Source = new SourceSpec { Path = [harness.Write("late.ndjson", text.ToString())] },
            Parameters = JsonSerializer.SerializeToElement(new { query = "SELECT n, s.a, l FROM source WHERE n > 1" }),
        };

        await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));

        Assert.Equal(
            [("source", "n", "DOUBLE"), ("source", "s", "STRUCT(\"a\" JSON, \"b\" BIGINT)"), ("source", "l", "DOUBLE[]")],
            Wider());
        Assert.Equal(["[1.5,\"x\",[1,2.5]]"], EngineHarness.Rows(await harness.Run(await harness.PlanWider(spec), spec)));
    }

    private IEnumerable<(string, string, string)> Wider() =>
        harness.LastFailure!.Wider!.Select(wider => (wider.Dataset, wider.Column, wider.Type));

    private string Write(string kind)
    {
        var text = new StringBuilder("chrom,v,d,x\n");
        for (var row = 0; row < Rows; row++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{(row == Late ? "X" : "1")},{row}{(row == Late + 5 ? ".5" : "")},2024-01-31"
                + $"{(row == Late + 9 ? " 12:00:00" : "")},x{(ulong)row * 0x9E3779B97F4A7C15:x16}\n");
        }

        return kind switch
        {
            "csv.gz" => harness.Write("late.csv.gz", Compressed.Gzip(text.ToString())),
            "csv.bgz" => harness.Write("late.csv.gz", Compressed.Bgzf(Encoding.UTF8.GetBytes(text.ToString()), 60_000)),
            _ => harness.Write("late.csv", text.ToString()),
        };
    }

    private static JobSpec Spec(string path, Dictionary<string, string>? types, BadRowPolicy policy) => new()
    {
        Operation = OperationKind.Sql,
        OnBadRow = policy,
        Source = new SourceSpec { Path = [path], Options = new SourceOptions { Columns = types } },
        Parameters = JsonSerializer.SerializeToElement(
            new { query = "SELECT max(chrom) AS c, count(*) AS n, sum(v) AS s, max(d) AS d FROM source" }),
    };
}
