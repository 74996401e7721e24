using Orleans.Cluster.Contracts;
using Orleans.Cluster.EngineTests.Tpch;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>Of which queries threads do not show, and what orders their rows.</summary>
public sealed class ThreadedQueryTests : IDisposable
{
    private static readonly ColumnSchema[] Columns =
    [
        new("n", "BIGINT"), new("m", "DECIMAL(15,2)"), new("g", "VARCHAR"), new("d", "DATE"), new("x", "DOUBLE"),
        new("s", "STRUCT(n BIGINT, f DOUBLE, o STRUCT(f DOUBLE))"), new("wide", "DECIMAL(38,0)"), new("avg(n)", "BIGINT"),
         new("h", "HUGEINT"), new("i", "INTERVAL"), new("ts", "TIMESTAMP"),
    ];

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("SELECT sum(n) AS s, avg(m) AS a, count(DISTINCT x) AS c FROM t", "")]
    [InlineData("SELECT g, sum(n) AS n FROM t GROUP BY g ORDER BY n", "ORDER BY n, 1")]
    [InlineData("SELECT max(h) AS h FROM t WHERE x > 0.5 AND i > INTERVAL 1 DAY", "")]
    [InlineData("SELECT g, sum(n) AS c FROM t GROUP BY g ORDER BY g", "ORDER BY g")]
    [InlineData("SELECT g, sum(n) AS c FROM t GROUP BY g ORDER BY c DESC", "ORDER BY c DESC, 1")]
    [InlineData("SELECT g, year(d) AS y, avg(n) AS a FROM t GROUP BY ALL ORDER BY 3", "ORDER BY 3, 1, 2")]
    [InlineData("SELECT g, m AS k, avg(n) AS a FROM t GROUP BY 1, k LIMIT 3", "ORDER BY 1, 2 LIMIT 3")]
    [InlineData("SELECT count(*) AS c FROM t GROUP BY g ORDER BY c LIMIT 3", "ORDER BY c LIMIT 3")]
    [InlineData("SELECT n, g FROM t ORDER BY m LIMIT 3 OFFSET 2", "ORDER BY m, 1, 2 LIMIT 3 OFFSET 2")]
    [InlineData("SELECT DISTINCT n, g FROM t ORDER BY n", "ORDER BY n, 2")]
    [InlineData("SELECT n AS v, n % 5 = 0 AS v FROM t ORDER BY v", "ORDER BY v, 1, 2")]
    [InlineData("SELECT CAST(g AS INTEGER) AS v, count(*) AS c FROM t WHERE g <> 'a' GROUP BY 1", " + 1 by SELECT g FROM t")]
    [InlineData("SELECT region, count(*) AS c FROM region GROUP BY region ORDER BY c", "ORDER BY c, 1")]
    [InlineData("SELECT q.g, sum(t.n) c FROM t JOIN (SELECT t.n AS j, t.g FROM t) q ON j = t.n GROUP BY q.g ORDER BY c", "c, 1")]
    [InlineData("SELECT count(*) AS c, g FROM t WHERE n > 3 GROUP BY g", " + 2 by SELECT g FROM t")]
    [InlineData("SELECT year(d) AS y, count(*) AS c FROM t AS a GROUP BY 1", " + 1 by SELECT d FROM t AS a")]
    [InlineData("SELECT upper(g) AS u, count(*) AS c FROM t GROUP BY u", " + 1 by SELECT g FROM t")]
    [InlineData("SELECT count(*) AS c FROM t GROUP BY g, n", " + 1 by SELECT g, n FROM t")]
    [InlineData("SELECT y AS n, n AS k FROM (SELECT n, m AS y FROM t) ORDER BY n", "ORDER BY n, 2")]
    [InlineData("SELECT max(v) AS v FROM (SELECT g, sum(n * 2) AS v FROM t GROUP BY g)", "")]
    [InlineData("SELECT g, n * 1.0 AS v FROM t WHERE n IN (SELECT max(n) FROM t AS u WHERE u.g = t.g) ORDER BY g", "BY g, 2")]
    [InlineData("SELECT k, sum(v) FROM (SELECT g, m FROM t) AS q(k, v) GROUP BY k ORDER BY k", "ORDER BY k")]
    [InlineData("WITH q AS (SELECT DISTINCT g, n FROM t) SELECT g, count(*) AS c FROM q GROUP BY g ORDER BY c", "ORDER BY c, 1")]
    public async Task Of_ExactQuery_HasAWholeOrder(string query, string order) =>
        Assert.EndsWith(order, await Threaded(query), StringComparison.Ordinal);

    [Theory]
    [InlineData("SELECT sum(x) FROM t")]
    [InlineData("SELECT max(x) FROM t")]
    [InlineData("SELECT max(i) FROM t")]
    [InlineData("SELECT sum(h) FROM t")]
    [InlineData("SELECT avg(n / 2) FROM t")]
    [InlineData("SELECT sum(s.n) FROM t")]
    [InlineData("SELECT sum(a) FROM (SELECT avg(n) AS a FROM t GROUP BY g)")]
    [InlineData("SELECT sum(n) FROM (SELECT n / 3 AS n FROM t)")]
    [InlineData("SELECT sum(k) FROM (SELECT x FROM t) AS q(k)")]
    [InlineData("SELECT sum(k) FROM (SELECT * FROM t) AS q(k)")]
    [InlineData("WITH q(k) AS (SELECT x FROM t) SELECT sum(k) FROM q")]
    [InlineData("SELECT sum(b) FROM (SELECT a AS b FROM (SELECT n / 3 AS a FROM t))")]
    [InlineData("SELECT sum(n) FROM (SELECT n FROM t UNION ALL SELECT x FROM t)")]
    [InlineData("SELECT sum(CASE WHEN n = 1 THEN 1e0 ELSE n END) FROM t")]
    [InlineData("SELECT sum(v) FROM (SELECT * REPLACE (n / 2 AS n), n AS v FROM t)")]
    [InlineData("SELECT n / 3 AS m, sum(m) AS s FROM (SELECT n FROM t) GROUP BY n ORDER BY n")]
    [InlineData("SELECT g, n / 2 AS n, sum(n) AS s FROM t GROUP BY g, n ORDER BY sum(n)")]
    [InlineData("WITH t AS (SELECT x AS n FROM t) SELECT sum(n) AS n FROM t")]
    [InlineData("SELECT x, count(*) AS c FROM t GROUP BY x ORDER BY c")]
    [InlineData("SELECT DISTINCT x FROM t ORDER BY x")]
    [InlineData("SELECT n, x FROM t ORDER BY n")]
    [InlineData("SELECT DISTINCT n FROM t ORDER BY g")]
    [InlineData("SELECT DISTINCT n FROM t ORDER BY g LIMIT 1")]
    [InlineData("SELECT DISTINCT n FROM t GROUP BY n, g ORDER BY g LIMIT 1")]
    [InlineData("SELECT x AS o, o, count(*) FROM t SEMI JOIN other ON n = id GROUP BY o ORDER BY 2")]
    [InlineData("SELECT sum(f) FROM (SELECT s.f FROM t)")]
    [InlineData("SELECT sum(f) FROM (SELECT s.* FROM t)")]
    [InlineData("SELECT sum(f) FROM (SELECT o.f FROM (SELECT s.o FROM t))")]
    [InlineData("SELECT f, count(*) AS n FROM (SELECT x FROM t) AS f GROUP BY f ORDER BY f")]
    [InlineData("SELECT max(z) FROM t AS z")]
    [InlineData("SELECT sum(wide) FROM t")]
    [InlineData("SELECT sum(CAST(n AS DECIMAL(38,0))) FROM t")]
    [InlineData("SELECT sum(c) FROM (SELECT count_if(n > 3) AS c FROM t GROUP BY g)")]
    [InlineData("SELECT sum(\"avg(n)\") FROM (SELECT avg(n) FROM t)")]
    [InlineData("SELECT upper(g) AS id, count(*) AS c FROM t GROUP BY id")]
    [InlineData("SELECT n, (SELECT CAST(t.x AS VARCHAR) FROM other WHERE id = 1) AS v FROM t ORDER BY n")]
    [InlineData("SELECT n FROM t")]
    [InlineData("SELECT n FROM t LIMIT 3")]
    [InlineData("SELECT g, count(*) FROM t JOIN t AS u USING (g) GROUP BY g")]
    [InlineData("SELECT g, count(*) FROM t WHERE n IN (SELECT max(n) FROM t) GROUP BY g")]
    [InlineData("SELECT avg(n) AS a FROM t GROUP BY g")]
    [InlineData("SELECT n + 1 AS v, v * 2 AS w, count(*) AS c FROM t GROUP BY v, w")]
    [InlineData("SELECT * FROM t ORDER BY n")]
    [InlineData("SELECT min(m) AS g, x FROM t GROUP BY g, x ORDER BY 1")]
    [InlineData("SELECT avg(n) AS a FROM t GROUP BY g ORDER BY a")]
    [InlineData("SELECT max(ts - ts) FROM t")]
    [InlineData("SELECT first(n) FROM t")]
    [InlineData("SELECT list(n) FROM t")]
    [InlineData("SELECT string_agg(g, ',' ORDER BY n) FROM t")]
    [InlineData("SELECT sum(n) FROM (SELECT n FROM t LIMIT 5)")]
    [InlineData("SELECT sum(n) FROM (SELECT n FROM t ORDER BY g LIMIT 5)")]
    [InlineData("SELECT sum(n) FROM (SELECT DISTINCT ON (g) n FROM t)")]
    [InlineData("SELECT n, row_number() OVER () AS r FROM t ORDER BY n")]
    [InlineData("SELECT g, count(*) AS c FROM t GROUP BY ROLLUP (g) ORDER BY c")]
    [InlineData("SELECT max(g COLLATE nocase) FROM t")]
    [InlineData("SELECT sum(u) FROM (SELECT unnest([1, 2]) AS u FROM t)")]
    [InlineData("SELECT sum(t.n) FROM t ASOF JOIN t AS u ON t.n >= u.n")]
    [InlineData("SELECT arg_max(g, n) FROM t")]
    public async Task Of_QueryInWhichThreadsMightShow_IsNull(string query) => Assert.Null(await Threaded(query));

    // Their sums are of decimals.
    [Fact]
    public async Task Of_QueriesOfTpch_IsNullForNone()
    {
        var tables = TpchTables.Columns.ToDictionary(
            table => table.Key,
            table => (IReadOnlyList<ColumnSchema>)[.. table.Value.Select(column => new ColumnSchema(column.Key, column.Value))]);
        var alone = new List<int>();
        foreach (var number in Enumerable.Range(1, 22))
        {
            alone.AddRange(await Threaded(TpchQueries.Text(number), tables) is null ? [number] : []);
        }

        Assert.Empty(alone);
    }

    // Names of columns here are names of other things there.
    private Task<string?> Threaded(string query) => Threaded(query, new Dictionary<string, IReadOnlyList<ColumnSchema>>
    {
        ["t"] = Columns,
        ["other"] = [new("id", "INTEGER"), new("f", "INTEGER"), new("o", "INTEGER")],
        ["region"] = [new("region", "VARCHAR"), new("z", "BIGINT")],
    });

    private async Task<string?> Threaded(string query, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        var node = SqlNodes.Statement(await harness.Parse(query, CancellationToken.None))["node"]!.AsObject();
        return ThreadedQuery.Of(node, tables) is { } threaded
            ? await harness.Render(SqlNodes.Tree(threaded.Query), CancellationToken.None)
                + (threaded.FewGroups is { } groups
                    ? $" + {groups.OrderBy} by {await harness.Render(SqlNodes.Tree(groups.Keys), CancellationToken.None)}" : "")
            : null;
    }
}
