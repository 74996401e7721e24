using DuckDB.NET.Data;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.EngineTests.Queries.Generated;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>A query that is parsed and printed is the same query: the same tree, and the same rows in one engine.</summary>
public sealed class JoinPrintingTests : IDisposable
{
    private const int GeneratedQueries = 100;

    private static readonly string[] Kinds = ["INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"];

    private static readonly (string Words, string Condition)[] Forms =
    [
        ("CROSS JOIN", ""), (",", ""), ("POSITIONAL JOIN", ""), ("ASOF JOIN", " ON {0}.k >= {1}.k"),
        ("ASOF LEFT JOIN", " ON {0}.k >= {1}.k"),
        .. Kinds.Select(kind => ($"{kind} JOIN", " ON {0}.k = {1}.k")),
        .. Kinds.Select(kind => ($"NATURAL {kind} JOIN", "")),
        .. Kinds.Select(kind => ($"{kind} JOIN", " USING (k)")),
    ];

    private readonly SqlTree tree = new();
    private readonly DuckDBConnection engine = new("DataSource=:memory:");

    public JoinPrintingTests()
    {
        engine.Open();
        Rows("CREATE TABLE a AS FROM (VALUES (1, 'a1'), (2, 'a2'), (2, NULL), (NULL, 'a3')) t(k, x)");
        Rows("CREATE TABLE b AS FROM (VALUES (2, 'b1'), (3, 'b2'), (NULL, 'b3')) t(k, y)");
        Rows("CREATE TABLE c AS FROM (VALUES (1, 'c1'), (3, 'c2'), (4, NULL)) t(k, z)");
    }

    public void Dispose()
    {
        tree.Dispose();
        engine.Dispose();
    }

    [Fact]
    public void Render_JoinsOfEveryFormNestedAndMixed_AreTheSameQuery()
    {
        var checkedQueries = 0;
        foreach (var one in Forms)
        {
            foreach (var other in Forms)
            {
                checkedQueries += Check(
                    $"SELECT * FROM a {one.Words} b{Named(one.Condition, "a", "b")} {other.Words} c"
                    + $"{Named(other.Condition, "a", "c")}")
                    + Check($"SELECT * FROM a {one.Words} (b {other.Words} c{Named(other.Condition, "b", "c")})"
                    + $"{Named(one.Condition, "a", "b")}");
            }
        }

        Assert.True(checkedQueries > 300, $"Only {checkedQueries} of these are queries.");
    }

    [Fact]
    public void Render_GeneratedQueries_AreTheSameQuery()
    {
        for (var seed = 0; seed < GeneratedQueries; seed++)
        {
            var parsed = tree.Parse(GeneratedQuery.Of(seed, block: 0).Text);

            var again = tree.Parse(tree.Render(parsed));

            Assert.True(QuerySkeleton.Of(parsed) == QuerySkeleton.Of(again),
                $"Query {seed} is printed as another: {GeneratedQuery.Of(seed, block: 0).Text}");
        }
    }

    private static string Named(string condition, string left, string right) =>
        string.Format(System.Globalization.CultureInfo.InvariantCulture, condition, left, right);

    // Some combinations name a column that is not there or is there twice: these are no queries, for the engine either.
    private int Check(string sql)
    {
        string[] expected;
        try
        {
            expected = Rows(sql);
        }
        catch (DuckDBException)
        {
            return 0;
        }

        var parsed = tree.Parse(sql);
        var printed = tree.Render(parsed);

        Assert.Equal(QuerySkeleton.Of(parsed), QuerySkeleton.Of(tree.Parse(printed)));
        Assert.True(expected.SequenceEqual(Rows(printed)), $"{sql}\nhas other rows as\n{printed}");
        return 1;
    }

    private string[] Rows(string sql)
    {
        using var command = engine.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(index => reader.GetValue(index).ToString())));
        }

        return [.. rows.Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Render_CountOfRows_IsWrittenAsPeopleDo()
    {
        var printed = tree.Render(tree.Parse(
            "SELECT count(*) AS \"count_star()\", 'it''s count_star()' AS s, count(*) FILTER (n > 1) FROM t"));

        Assert.Equal(2, printed.Split("count(*)").Length - 1);
        Assert.Contains("\"count_star()\"", printed, StringComparison.Ordinal);
        Assert.Contains("'it''s count_star()'", printed, StringComparison.Ordinal);
    }
}
