using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Queries of every shape over tables with NULL keys, repeated keys and no rows, under limits so small that everything is
/// exchanged: the rows are those of one engine.
/// </summary>
public sealed class SqlShapesTests
{
    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 4096,
    };

    private static readonly string[] Joins =
    [
        "SELECT l.k, l.v, r.w FROM l JOIN r ON l.k = r.k",
        "SELECT l.k, l.v, r.w FROM l LEFT JOIN r ON l.k = r.k AND r.w > 40 AND l.v < 90",
        "SELECT l.k, l.v, r.w FROM l RIGHT JOIN r ON l.k = r.k WHERE l.v IS NULL OR r.w > 50",
        "SELECT l.k, l.v, r.w FROM l FULL JOIN r ON l.k = r.k",
        "SELECT l.v, r.w FROM l FULL JOIN r ON l.v < r.w - 100",
        "SELECT * FROM l SEMI JOIN r ON l.k = r.k AND r.w > l.v",
        "SELECT v FROM l ANTI JOIN r ON l.k = r.k AND r.w > 20",
        "SELECT * FROM l JOIN r USING (k) WHERE w % 2 = 0",
        "SELECT * FROM l NATURAL JOIN r",
        "SELECT a.v, b.v AS other FROM l a JOIN l b ON a.k = b.v + 1",
        "SELECT l.g, r.g AS rg FROM l JOIN r ON l.k IS NOT DISTINCT FROM r.k AND l.v = r.w",
        "SELECT l.v, r.w FROM l JOIN r ON l.v + 3 = r.w * 2 AND l.g = r.g",
        "SELECT l.v, s.t FROM l CROSS JOIN s WHERE l.v < s.k",
        "SELECT count(*) FROM l, r WHERE l.k = r.k",
        "SELECT l.k, count(*) AS n, sum(r.w) AS w FROM l JOIN r ON l.k = r.k GROUP BY l.k",
        "SELECT r.g, count(DISTINCT l.v) AS n FROM l LEFT JOIN r ON l.k = r.k LEFT JOIN s ON s.k = r.w GROUP BY r.g",
        "SELECT l.v, e.x FROM l LEFT JOIN e ON l.k = e.k",
        "SELECT l.v FROM l JOIN e ON l.k = e.k",
        "SELECT l.v, r.w, s.t FROM l, r, s WHERE (l.k = r.k AND s.k = 2 AND l.v > 3) OR (l.k = r.k AND s.k = 3 AND l.v > 90)",
        "SELECT l.v, q.n FROM l LEFT JOIN (SELECT k, count(*) AS n FROM r GROUP BY k) q ON l.k = q.k",
        "SELECT l.v, x FROM l, (VALUES (1), (2)) AS u(x) WHERE l.k = x",
        "SELECT l.v, u.x FROM l, unnest([l.v, 7]) AS u(x)",
        "SELECT l.d, r.w FROM l JOIN r ON l.d = r.k",
    ];

    private static readonly string[] Subqueries =
    [
        "SELECT v FROM l WHERE k IN (SELECT k FROM r WHERE w > 10)",
        "SELECT v FROM l WHERE k NOT IN (SELECT k FROM r)",
        "SELECT v FROM l WHERE k NOT IN (SELECT k FROM r WHERE k IS NOT NULL AND w > 30)",
        "SELECT v FROM l WHERE k NOT IN (SELECT k FROM e)",
        "SELECT v, k IN (SELECT k FROM r WHERE w < 9) AS found FROM l",
        "SELECT v FROM l WHERE v > 90 OR EXISTS (SELECT 1 FROM r WHERE r.k = l.k)",
        "SELECT v FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE r.k = l.k AND r.w <> l.v)",
        "SELECT v FROM l WHERE EXISTS (SELECT 1 FROM r WHERE w > 1000)",
        "SELECT v FROM l WHERE v IN (SELECT w FROM r WHERE r.g = l.g)",
        "SELECT v FROM l WHERE v NOT IN (SELECT w FROM r WHERE r.g = l.g)",
        "SELECT v, (SELECT count(*) FROM r WHERE r.k = l.k) AS n, (SELECT max(w) + l.v FROM r WHERE r.k = l.k AND r.w > 5) AS m "
            + "FROM l",
        "SELECT v FROM l WHERE (SELECT count(w) FROM r WHERE r.k = l.k) = 0",
        "SELECT v FROM l WHERE v > (SELECT w FROM r WHERE w < 0)",
        "SELECT v FROM l WHERE v >= (SELECT avg(w) FROM r) AND g < (SELECT max(g) FROM r)",
        "SELECT (SELECT count(*) FROM l) AS a, (SELECT max(w) FROM r) AS b, (SELECT sum(v) FROM l) AS c",
        "SELECT g, sum(v) AS total FROM l GROUP BY g HAVING sum(v) > (SELECT min(w) FROM r WHERE r.g = l.g)",
        "SELECT v FROM l WHERE k IN (SELECT k FROM r WHERE w > (SELECT avg(v) FROM l WHERE l.g = r.g))",
        "SELECT v FROM l o WHERE EXISTS (SELECT 1 FROM r WHERE r.k = o.k AND EXISTS (SELECT 1 FROM s WHERE s.k = r.k))",
        "SELECT v FROM l o WHERE EXISTS (SELECT 1 FROM r WHERE EXISTS (SELECT 1 FROM s WHERE s.k = o.k AND s.k = r.k))",
    ];

    private static readonly string[] Blocks =
    [
        "SELECT k FROM l UNION SELECT k FROM r",
        "SELECT k, g FROM l UNION ALL SELECT w, g FROM r UNION ALL SELECT k, t FROM s",
        "SELECT k FROM l EXCEPT SELECT k FROM r WHERE w > 20",
        "SELECT k FROM l EXCEPT ALL SELECT k FROM r",
        "SELECT k, g FROM l INTERSECT ALL SELECT k, g FROM r",
        "SELECT g, count(*) AS n FROM (SELECT g FROM l UNION ALL SELECT g FROM r) GROUP BY g",
        "WITH t AS (SELECT k, sum(v) AS total FROM l GROUP BY k) SELECT a.k, a.total, b.total AS other FROM t a JOIN t b ON a.k "
            + "= b.k + 1",
        "WITH t AS (SELECT 1 AS x), u AS (WITH t AS (SELECT k AS x FROM s) SELECT * FROM t) SELECT * FROM t UNION ALL SELECT * "
            + "FROM u",
        "SELECT v, row_number() OVER (PARTITION BY g ORDER BY v, d, k) AS n, sum(v) OVER (PARTITION BY g, k) AS s FROM l",
        "SELECT v, rank() OVER (ORDER BY v) AS place FROM l",
        "SELECT g, v FROM l QUALIFY row_number() OVER (PARTITION BY g ORDER BY v DESC, d, k) <= 2",
        "SELECT g, k, sum(v) AS s, sum(sum(v)) OVER (PARTITION BY g) AS whole FROM l GROUP BY g, k",
        "SELECT g, k, sum(v) AS s FROM l GROUP BY ROLLUP (g, k)",
        "SELECT DISTINCT l.g, r.g AS rg FROM l JOIN r ON l.k = r.k",
        "SELECT sum(v) AS top FROM (SELECT v FROM l ORDER BY v DESC LIMIT 10)",
        "SELECT g, list_sort(list(v)) AS all_v, median(v) AS m FROM l GROUP BY g",
        "SELECT k + 1 AS k2, v * 2 AS v FROM l WHERE v > 3 AND k2 < 9",
        "SELECT count(*) AS n FROM l JOIN r ON upper(l.g) COLLATE NOCASE = r.g",
        "SELECT max(x) FROM (SELECT count(*) AS x FROM l GROUP BY g) WHERE false",
    ];

    // What names no column is no key.
    private static readonly string[] GroupsOfAll =
    [
        "SELECT 1 AS c FROM l GROUP BY ALL",
        "SELECT ('zz' LIKE 'a%') AS c FROM l GROUP BY ALL ORDER BY ALL",
        "SELECT ('zz' LIKE 'a%') AS c, count(*) AS n FROM l WHERE v < 0 GROUP BY ALL",
        "SELECT 1 AS c, g, count(*) AS n FROM l GROUP BY ALL",
        "SELECT list_transform([1, 2], lambda x: x + 1) AS c FROM l GROUP BY ALL",
        "SELECT list_transform([k], lambda x: x + 1) AS c, count(*) AS n FROM l GROUP BY ALL",
        "SELECT (SELECT count(*) FROM s) AS c FROM l GROUP BY ALL",
        "SELECT (SELECT count(*) FROM s WHERE s.k < l.k) AS c FROM l GROUP BY ALL",
        "SELECT 1 AS c FROM l GROUP BY ALL HAVING count(*) > 1",
        "SELECT DISTINCT 1 AS c FROM l GROUP BY ALL",
        "SELECT list_transform([k], lambda k: k + 1) AS c, count(*) AS n FROM l GROUP BY ALL",
        "SELECT list_transform([1], lambda k: k + 1) AS c, count(*) AS n FROM l GROUP BY ALL",
        "SELECT list_transform([w], lambda w: w + 1) AS c FROM l JOIN r ON l.k = r.k",
        "SELECT list_transform([v], lambda w: w + v) AS c FROM l JOIN r ON l.k = r.k",
        "SELECT list_transform([{'k': 1}], lambda s: s.k) AS c FROM (SELECT {'k': v} AS s FROM l)",
    ];

    public static TheoryData<string> AllKeys => [.. GroupsOfAll];

    [Theory]
    [MemberData(nameof(AllKeys))]
    public Task Run_GroupByAll_EqualsOneEngine(string query) => Check(query, 3);

    public static TheoryData<string> Some => [.. Joins.Concat(Subqueries).Concat(Blocks).Where((_, index) => index % 10 == 0)];

    public static TheoryData<string, int> All =>
        [.. from query in Joins.Concat(Subqueries).Concat(Blocks) from partitions in new[] { 1, 3, 13 }
            select (query, partitions)];

    [Theory]
    [MemberData(nameof(Some))]
    public Task Run_Shape_EqualsOneEngine(string query) => Check(query, 3);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(All))]
    public Task Run_ShapeOverPartitions_EqualsOneEngine(string query, int partitions) => Check(query, partitions);

    [Fact]
    public async Task Run_JoinInWhichOneKeyHasMostRows_SharesThemOut()
    {
        using var tables = new EngineOracle(
            new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["facts"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["v"] = "BIGINT" },
                ["names"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["n"] = "VARCHAR" },
            },
            database =>
            {
                EngineOracle.Execute(database,
                    "CREATE TABLE facts AS SELECT CAST(CASE WHEN i % 10 < 6 THEN 1 ELSE hash(i) % 1000 END AS INTEGER) AS k, "
                    + "CAST(hash(i, 7) % 100000 AS BIGINT) AS v "
                    + "FROM range(9000) t(i)");
                EngineOracle.Execute(
                    database, "CREATE TABLE names AS SELECT CAST(i AS INTEGER) AS k, 'n' || i AS n FROM range(1000) t(i)");
            });

        var (plan, expected, actual) = await tables.Run(
            "SELECT v, n FROM facts JOIN names ON facts.k = names.k", 12,
            new PlanLimits { BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 32 << 10 });

        Assert.Equal(
            EngineHarness.Rows(expected).Order(StringComparer.Ordinal), EngineHarness.Rows(actual).Order(StringComparer.Ordinal));
        var rows = tables.Harness.Committed[plan.Stages[^1].Index]
            .Select(partition => partition.Manifest!.RowsOut).Order().ToList();
        Assert.True(rows[^1] <= 3 * rows[rows.Count / 2], $"Rows by task: {string.Join(", ", rows)}");
        Assert.Contains("shared out", plan.Stages[^1].Note, StringComparison.Ordinal);
    }

    private static async Task Check(string query, int partitions)
    {
        using var tables = new EngineOracle(
            new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["l"] = new Dictionary<string, string> { ["k"] =
                    "INTEGER", ["g"] = "VARCHAR", ["v"] = "BIGINT", ["d"] = "DOUBLE" },
                ["r"] = new Dictionary<string, string> { ["k"] = "BIGINT", ["g"] = "VARCHAR", ["w"] = "BIGINT" },
                ["s"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["t"] = "VARCHAR" },
                ["e"] = new Dictionary<string, string> { ["k"] = "INTEGER", ["x"] = "VARCHAR" },
            },
            database =>
            {
                EngineOracle.Execute(database,
                    "CREATE TABLE l AS SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE CAST(i * i % 23 AS INTEGER) END AS k, ['a', "
                    + "'b', 'c', NULL][1 + i % 4] AS g, "
                    + "i % 97 AS v, i % 5 / 2.0 AS d FROM range(140) t(i)");
                EngineOracle.Execute(database,
                    "CREATE TABLE r AS SELECT CASE WHEN i % 11 = 0 THEN NULL ELSE i * 3 % 31 END AS k, ['b', 'c', 'd', NULL][1 + "
                    + "i % 4] AS g, i % 71 AS w "
                    + "FROM range(100) t(i)");
                EngineOracle.Execute(
                    database, "CREATE TABLE s AS SELECT CAST(i AS INTEGER) AS k, 't' || i AS t FROM range(7) t(i)");
                EngineOracle.Execute(database, "CREATE TABLE e AS SELECT CAST(1 AS INTEGER) AS k, 'x' AS x WHERE false");
            });

        var (_, expected, actual) = await tables.Run(query, partitions, Tiny);

        Assert.Equal(
            EngineHarness.Rows(expected).Order(StringComparer.Ordinal), EngineHarness.Rows(actual).Order(StringComparer.Ordinal));
    }
}
