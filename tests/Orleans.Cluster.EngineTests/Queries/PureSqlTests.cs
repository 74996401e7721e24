using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Queries that mean whole rows, whole tables or nothing but constants: the rows are those of one engine, whatever the
/// partitions.
/// </summary>
public sealed class PureSqlTests : IDisposable
{
    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 1024,
    };

    private readonly EngineOracle tables = new(
        new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["l"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["g"] = "VARCHAR", ["v"] = "BIGINT" },
            ["r"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["g"] = "VARCHAR", ["w"] = "BIGINT" },
        },
        database =>
        {
            EngineOracle.Execute(
                database,
                "CREATE TABLE l AS SELECT CAST(i % 6 AS INTEGER) AS k, ['a', 'b', NULL][1 + i % 3] AS g, CAST(i AS BIGINT) AS v "
                + "FROM range(30) t(i)");
            EngineOracle.Execute(
                database,
                "CREATE TABLE r AS SELECT CAST(i % 4 AS INTEGER) AS k, ['b', 'c', NULL][1 + i % 3] AS g, CAST(i * 2 AS BIGINT) "
                + "AS w FROM range(20) t(i)");
        });

    public static TheoryData<string> RowReferences =>
    [
        "SELECT count(DISTINCT l) AS n FROM l",
        "SELECT max(l) AS m, list_sort(list(l)) AS rows FROM l",
        "SELECT l, count(*) AS n FROM l GROUP BY l",
        "SELECT to_json(l) AS j, v FROM l WHERE v > 3",
        "SELECT a.v FROM l a, l b WHERE a = b",
        "SELECT unnest(l) FROM l",
        "SELECT q.v, r FROM (SELECT v, k FROM l) q LEFT JOIN r ON q.k = r.w",
        "SELECT struct_pack(*COLUMNS(*)) AS s FROM l ORDER BY v LIMIT 7",
        "SELECT g, max(COLUMNS(* EXCLUDE (g))) FROM l GROUP BY g",
        "SELECT (SELECT count(DISTINCT r) FROM r WHERE r.k = l.k) AS n, v FROM l",
    ];

    public static TheoryData<string> Joins =>
    [
        "SELECT count(*) FROM l NATURAL FULL JOIN r",
        "SELECT count(v) FROM l NATURAL SEMI JOIN r",
        "SELECT v FROM l NATURAL ANTI JOIN r",
        "SELECT l.v, r.w, x.v AS xv FROM l CROSS JOIN (SELECT * FROM r WHERE w < 4) r RIGHT JOIN l x ON x.v = r.w AND x.v = l.v "
            + "+ 1",
        "SELECT l.v, r.w FROM l JOIN (r CROSS JOIN (VALUES (1), (2)) u(x)) ON l.v = r.w + u.x",
        "SELECT l.v, r.w FROM l LEFT JOIN (r NATURAL JOIN (SELECT DISTINCT k FROM l WHERE v < 3) q) ON l.v = r.w",
        "SELECT l.v, r.w FROM l, r LEFT JOIN l x ON x.v = r.w WHERE l.v = r.w + 1",
    ];

    public static TheoryData<string> Pure =>
    [
        "SELECT l.v, s.n FROM l JOIN range(3, 9, 2) s(n) ON l.v = s.n",
        "SELECT * FROM generate_series(1, 4) s(n), unnest([n, 7]) u(x)",
        "SELECT d FROM range(DATE '2024-01-01', DATE '2024-01-05', INTERVAL 1 DAY) t(d)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT n, v FROM t JOIN l ON n = v",
        "WITH RECURSIVE up(v, top) AS (SELECT v, v FROM l WHERE k = 0 UNION SELECT l.v, up.top FROM up JOIN l ON l.v = up.v + 6) "
            + "SELECT top, count(*) FROM up GROUP BY top",
        "SELECT * FROM l PIVOT (sum(v) FOR g IN ('a', 'b') GROUP BY k)",
        "PIVOT r ON g IN ('b', 'c') USING count(*) GROUP BY k",
        "UNPIVOT (SELECT k, v, CAST(k AS BIGINT) AS w FROM l) ON v, w INTO NAME n VALUE x",
        "SELECT * FROM (SELECT k, v FROM l) UNPIVOT INCLUDE NULLS (x FOR n IN (v))",
        "SELECT #2, #1 FROM l",
        "SELECT main.l.v, w FROM main.l JOIN main.r x ON l.v = x.w",
    ];

    public void Dispose() => tables.Dispose();

    [Theory]
    [MemberData(nameof(RowReferences))]
    [MemberData(nameof(Joins))]
    [MemberData(nameof(Pure))]
    public async Task Run_Query_EqualsOneEngine(string query)
    {
        var (_, expected, actual) = await tables.Run(query, 5, Tiny);

        Assert.Equal(
            EngineHarness.Rows(expected).Order(StringComparer.Ordinal), EngineHarness.Rows(actual).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("SELECT * FROM range(20000000)", "at most 10,000,000 rows")]
    [InlineData("SELECT * FROM range(6000000) a JOIN generate_series(1, 6000000) b ON false", "at most 10,000,000 rows")]
    [InlineData("SELECT * FROM l, range(l.v) s(n)", "unnest(range(...))")]
    [InlineData("SELECT * FROM repeat_row(1, num_rows = 5)", "range, generate_series and unnest")]
    [InlineData("PIVOT l ON g USING sum(v)", "operation pivot")]
    [InlineData("SELECT * FROM (PIVOT l ON g USING sum(v))", "operation pivot")]
    [InlineData("WITH l AS (SELECT 1 AS k) SELECT * FROM main.l, l", "another name")]
    [InlineData("SELECT * FROM other.l", "main.NAME")]
    [InlineData("SELECT random() FROM l", "operation sample")]
    [InlineData("SELECT now() FROM l", "as a constant")]
    [InlineData("SELECT current_date FROM l", "as a constant")]
    [InlineData("SELECT * FROM read_csv('a.csv')", "FROM 'folder/*.csv'")]
    [InlineData("SELECT v + $1 FROM l", "Write the values")]
    [InlineData("SELECT * FROM l TABLESAMPLE 10%", "operation sample")]
    [InlineData("SELECT * FROM (DESCRIBE l)", "/data/preview")]
    public async Task Plan_WhatStaysRefused_SaysWhatToUse(string query, string hint)
    {
        var refusal = await Assert.ThrowsAsync<ClusterException>(() => tables.Harness.Plan(tables.Job(query, 1)));

        Assert.Equal(ProblemCode.QueryInvalid, refusal.Code);
        Assert.Contains(hint, refusal.Problem.Errors![0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
        "more than 10,000 rounds")]
    [InlineData("WITH RECURSIVE t(n) AS (SELECT v FROM l UNION ALL SELECT n + 1 FROM t, range(1000)) SELECT count(*) FROM t",
        "more than 1,000,000 rows")]
    public async Task Run_RecursionWithoutEnd_IsRefusedAtItsBound(string query, string bound)
    {
        var spec = tables.Job(query, 1);
        var plan = await tables.Harness.Plan(spec);

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => tables.Harness.Run(plan, spec));

        Assert.Equal(ProblemCode.QueryInvalid, refusal.Code);
        Assert.Contains(bound, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"groupBy":["v"]}""", false)]
    [InlineData("""{"groupBy":["v"],"orderBy":[{"column":"v"}]}""", true)]
    public async Task Plan_ManyGroups_AreSortedOnlyWhereThatIsAskedFor(string parameters, bool isSorted)
    {
        var job = tables.Job("", 5) with
        {
            Operation = OperationKind.Aggregate, Parameters = JsonDocument.Parse(parameters).RootElement,
        };

        var plan = await tables.Harness.Plan(job, Tiny);

        Assert.Equal(isSorted, plan.Stages.Any(stage => stage.Name == "ranges"));
    }

    [Fact]
    public async Task Plan_GatheredQueryThatNamesATableOften_ScansItOnce()
    {
        var plan = await tables.Harness.Plan(tables.Job(
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) "
            + "SELECT * FROM t, l a, l b, r WHERE a.v = n AND b.v = n AND r.w = n AND n IN (SELECT v FROM l)", 5), Tiny);

        Assert.Equal(
            ["l", "r"],
            plan.Stages.SelectMany(stage => stage.Inputs)
            .Select(input => input.Dataset).OfType<string>().Order(StringComparer.Ordinal));
        Assert.Equal(3, plan.Stages.Count);
    }
}
