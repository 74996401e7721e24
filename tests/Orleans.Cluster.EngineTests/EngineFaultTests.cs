using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Queries of which rules of the engine's optimizer make others. Where one of them is right with the rule, the rule can be
/// switched on again.
/// </summary>
public sealed class EngineFaultTests
{
    private const string Tables =
        "CREATE TABLE r AS SELECT i AS v FROM range(100000) AS t(i); CREATE TABLE b AS SELECT i AS k FROM range(50, 60) AS t(i); "
        + "CREATE TABLE d AS SELECT unnest([1, 1, 2, 3]) AS k; "
        + "CREATE TABLE p AS SELECT unnest([1, 1, 2, 3, 4, NULL, 2, 3]) AS k; "
        + "CREATE TABLE f AS SELECT false AS c; CREATE TABLE a AS SELECT 'a' AS s; ";

    private const string Condition = "((NOT f.c) AND (substring(a.s FROM -4294967296) <> a.s))";

    public static TheoryData<string, string, long> Queries => new()
    {
        {
            "join_elimination",
            "SELECT count(*) FROM p LEFT JOIN (SELECT k, unnest([1, 2, 3]) AS e FROM (SELECT DISTINCT k FROM d)) AS u "
            + "ON u.k = p.k", 20
        },
        {
            "common_subplan",
            $"SELECT count(*) FROM (SELECT * FROM f LEFT JOIN a ON true WHERE NOT {Condition} UNION ALL "
            + $"SELECT * FROM f LEFT JOIN a ON true WHERE {Condition} IS NULL)", 1
        },
        { "join_filter_pushdown", "SELECT count(*) FROM (SELECT v FROM r LIMIT 10) AS l JOIN b ON l.v = b.k", 0 },
        { "join_filter_pushdown", "SELECT count(*) FROM (SELECT v FROM r LIMIT 10) AS l WHERE v IN (SELECT k FROM b)", 0 },
    };

    [Theory, MemberData(nameof(Queries))]
    public void Query_WithTheRule_HasOtherRows(string rule, string query, long rows)
    {
        using var engine = new DuckDB.NET.Data.DuckDBConnection("DataSource=:memory:");
        engine.Open();
        using var command = engine.CreateCommand();
        command.CommandText = $"SET threads = 1; {Tables}; {query}";

        Assert.True(rows != Convert.ToInt64(command.ExecuteScalar(), null), $"{rule} is not needed off any more.");
    }

    [Theory, MemberData(nameof(Queries))]
    public void Query_AsTasksRunIt_HasItsRows(string rule, string query, long rows)
    {
        Assert.Contains(rule, EngineFaults.Rules(EngineFaults.ChoosesRows(query)), StringComparison.Ordinal);
        using var session = DuckDbSession.Open(
            SessionOptions.WithoutFiles with { ChoosesRows = EngineFaults.ChoosesRows(query) });
        foreach (var table in Tables.Split("; ", StringSplitOptions.RemoveEmptyEntries))
        {
            session.Execute(table);
        }

        Assert.Equal(rows, session.QueryInt64(query));
    }

    /// <summary>Without the setting it fails, or ends the process.</summary>
    [Fact]
    public void Query_OfRangesThatMeetNothing_KeepsItsRows()
    {
        const string query = "SELECT g.s, v.s FROM g {0} JOIN v ON v.p BETWEEN g.a AND g.b AND v.w < g.w";
        ColumnSchema[] columns = [new("p", "BIGINT"), new("s", "STRUCT(id BIGINT)")];
        Assert.True(EngineFaults.NeedsMergeJoin(string.Format(null, query, "LEFT"), columns));
        Assert.False(EngineFaults.NeedsMergeJoin(string.Format(null, query, ""), columns));
        Assert.False(EngineFaults.NeedsMergeJoin("SELECT g.a FROM g LEFT JOIN v ON v.p BETWEEN g.a AND g.b", columns[..1]));

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { MergesRanges = true });
        session.Execute("CREATE TABLE g AS SELECT i AS a, i + 5 AS b, i AS w, {'id': i} AS s FROM range(2000) AS t(i)");
        session.Execute("CREATE TABLE v AS SELECT i + 9000 AS p, i AS w, {'id': i} AS s FROM range(1500) AS t(i)");

        foreach (var (kind, rows) in new[] { ("LEFT", 2000), ("RIGHT", 1500), ("FULL", 3500) })
        {
            session.Execute($"CREATE TABLE o_{kind} AS {string.Format(null, query, kind)}");
            Assert.Equal(rows, session.QueryInt64($"SELECT count(*) FROM o_{kind}"));
        }
    }
}
