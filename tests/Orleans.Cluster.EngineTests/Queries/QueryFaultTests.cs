using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// What is said of a wrong query: in the text of its writer, at the place of the fault, with what was probably meant.
/// </summary>
public sealed class QueryFaultTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(
        "SELECT gene,\n       count(*) AS n\nFROM source\nWHERE smaple = 's1'\nGROUP BY gene",
        "There is no column \"smaple\". The nearest: \"sample\".\n\nLINE 4: WHERE smaple = 's1'\n              ^")]
    [InlineData(
        "SELECT gene FROM source WHERE count(*) > 1",
        "A condition of WHERE cannot have aggregates. Put it in HAVING.\n\nLINE 1: SELECT gene FROM source WHERE "
        + "count(*) > 1\n                                      ^")]
    [InlineData(
        "SELECT gene FROM source WHERE gene = \"TP53\"",
        "There is no column \"TP53\". The nearest: \"gene\". If it is a text, write it in single quotes: 'TP53'.\n\nLINE 1: "
        + "SELECT gene FROM source WHERE gene = \"TP53\"\n                                             ^")]
    [InlineData(
        "SELECT avg(log2 change) FROM source",
        "syntax error at or near \"change\". If column \"log2 change\" is meant, write it in double quotes\n\nLINE 1: "
        + "SELECT avg(log2 change) FROM source\n                        ^")]
    [InlineData(
        "SELECT lenght(gene) FROM source",
        "There is no function lenght. Did you mean length? It is at: lenght(gene) FROM source")]
    [InlineData(
        "WITH top AS (SELECT gene FROM source) SELECT * FROM tpo",
        "There is no source named tpo. Did you mean top? Sources are: source, top.")]
    [InlineData(
        "SELCT gene FROM source",
        "syntax error at or near \"SELCT\". Did you mean SELECT?\n\nLINE 1: SELCT gene FROM source\n        ^")]
    [InlineData("-- nothing", "The query is empty. Write one SELECT.")]
    public Task Plan_WrongQuery_IsShownAsItWasWritten(string query, string expected) =>
        AssertFault(OperationKind.Sql, new { query }, expected);

    [Theory]
    [InlineData("gene = = 'x'", "syntax error at or near \"=\"\n\nLINE 1: gene = = 'x'\n               ^")]
    [InlineData("smaple = 's1'", "There is no column smaple. Did you mean sample? Columns are: gene, sample, log2 change.")]
    public Task Plan_WrongCondition_IsShownAsItWasWritten(string where, string expected) =>
        AssertFault(OperationKind.Filter, new { where }, expected);

    // They are asked about together; what is wrong with one is said at its place, and is no matter of the others.
    [Fact]
    public async Task Plan_SomeWrongExpressionsOfMany_AreNamedAtTheirPlaces()
    {
        var texts = Enumerable.Range(0, 700).Select(n => $"length(gene) + {n}").ToArray();
        (texts[17], texts[350], texts[501], texts[650]) = ("gene = = 'x'", "smaple", "sqrt(gene)", "gene, sample");

        var refusal = await Refusal(
            OperationKind.Select, new { columns = texts.Select((text, n) => new { expression = text, @as = $"t{n}" }) });

        Assert.Equal(
            new[] { 17, 350, 501, 650 }.Select(n => $"/parameters/columns/{n}/expression"),
            refusal.Problem.Errors!.Select(fault => fault.Pointer).Order(StringComparer.Ordinal));
        Assert.InRange(harness.Questions, 1, 150);
    }

    // Together they would be as many expressions as there are texts.
    [Theory]
    [InlineData("gene), (sample", "(1", "2)")]
    [InlineData("1 /*", "*/ + 2", "gene, sample")]
    [InlineData("'", "'", "gene, sample, 1")]
    [InlineData("gene AS a", "1", "2")]
    public async Task Plan_TextsThatOnlyTogetherAreExpressions_AreRefused(params string[] texts)
    {
        var refusal = await Refusal(OperationKind.Select, new { columns = texts.Select(text => new { expression = text }) });

        Assert.Equal("query-invalid", refusal.Code.Word);
    }

    // As many names may be wrong as a request holds: what was meant by each would cost the square of that.
    [Fact]
    public async Task Plan_ManyWrongColumns_TheFirstHaveTheirNearest()
    {
        var refusal = await Refusal(
            OperationKind.Distinct, new { columns = Enumerable.Range('a', 26).Select(letter => $"smaple{(char)letter}") });

        Assert.Equal(26, refusal.Problem.Errors!.Count);
        Assert.Equal(
            Enumerable.Range(0, 26).Select(index => index < 10),
            refusal.Problem.Errors.Select(fault => fault.Detail.Contains("Did you mean sample?", StringComparison.Ordinal)));
    }

    private async Task AssertFault(OperationKind operation, object parameters, string expected)
    {
        var refusal = await Refusal(operation, parameters);
        Assert.Equal(expected, Assert.Single(refusal.Problem.Errors!).Detail);
    }

    private Task<ClusterException> Refusal(OperationKind operation, object parameters) =>
        Assert.ThrowsAsync<ClusterException>(() => harness.Plan(new JobSpec
        {
            Operation = operation,
            Source = new SourceSpec { Path = [harness.Write("a.csv", "gene,sample,log2 change\nTP53,s1,0.5\nEGFR,s2,1.5\n")] },
            Parameters = JsonSerializer.SerializeToElement(parameters),
        }));
}
