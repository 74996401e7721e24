using System.Globalization;
using System.Security.Cryptography;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Generated queries that are taken for those in which threads do not show have the same file with four of them as with one, and
/// the rows that they have without an order. <c>ORLEANS_CLUSTER_THREADED_QUERIES=seed:count</c> makes the long test run these
/// alone.
/// </summary>
public sealed class ThreadedQueriesTests
{
    private const int Rows = 60_000;
    private const int Runs = 3;

    private static readonly ColumnSchema[] Columns =
    [
        new("k", "INTEGER"), new("b", "BIGINT"), new("m", "DECIMAL(9,2)"), new("g", "VARCHAR"), new("d", "DATE"),
        new("f", "BOOLEAN"), new("x", "DOUBLE"), new("ts", "TIMESTAMP"), new("h", "HUGEINT"), new("i", "INTERVAL"),
        new("st", "STRUCT(k DOUBLE)"),
    ];

    [Fact]
    public Task Run_GeneratedQueries_AreTheSameWithAnyNumberOfThreads() => Check(0, 150, leastThreaded: 30);

    [Fact]
    [Trait("Category", "Long")]
    public Task Run_ManyGeneratedQueries_AreTheSameWithAnyNumberOfThreads()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_THREADED_QUERIES") ?? "1000:10000").Split(':');
        var count = int.Parse(wanted[1], CultureInfo.InvariantCulture);
        return Check(int.Parse(wanted[0], CultureInfo.InvariantCulture), count, leastThreaded: count / 5);
    }

    private static async Task Check(int first, int count, int leastThreaded)
    {
        using var harness = new EngineHarness();
        using var one = Open(harness.Folder, 1);
        using var four = Open(harness.Folder, 4);
        var (threaded, found) = (0, new List<string>());
        for (var seed = first; seed < first + count; seed++)
        {
            var query = new ThreadableQuery(new Random(seed)).Text;
            var node = SqlNodes.Statement(await harness.Parse(query, CancellationToken.None))["node"]!.AsObject();
            var tables = new Dictionary<string, IReadOnlyList<ColumnSchema>> { ["t"] = Columns, ["u"] = Columns };
            if (ThreadedQuery.Of(node, tables) is not { } way || !CanRun(one, query))
            {
                continue;
            }

            threaded++;
            var ordered = await harness.Render(SqlNodes.Tree(way.Query), CancellationToken.None)
                + (way.FewGroups is { } groups ? $" ORDER BY {groups.OrderBy}" : "");
            found.AddRange(Differences(one, four, harness.Folder, ordered)
                .Select(what => $"{seed}: {what}\n    {query}\n    {ordered}"));
            if (!query.Contains("LIMIT", StringComparison.Ordinal) && Count(one, query, ordered) is > 0 and var other)
            {
                found.Add($"{seed}: {other} rows are others.\n    {query}\n    {ordered}");
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{threaded} of {count} for several threads");
        Assert.True(found.Count == 0, string.Join('\n', found));
        Assert.InRange(threaded, leastThreaded, count);
    }

    // A query that fails may fail elsewhere with more threads; then one thread does it again.
    private static bool CanRun(DuckDBConnection engine, string query)
    {
        try
        {
            engine.Execute($"CREATE OR REPLACE TEMP TABLE made AS SELECT * FROM ({query}) AS q");
            return true;
        }
        catch (DuckDBException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Differences(DuckDBConnection one, DuckDBConnection four, string folder, string query)
    {
        var path = Path.Combine(folder, "result.parquet");
        var expected = Written(one, query, path);
        for (var run = 0; run < Runs; run++)
        {
            if (Written(four, query, path) != expected)
            {
                yield return $"the file of run {run} is another";
                yield break;
            }
        }
    }

    private static string Written(DuckDBConnection engine, string query, string path)
    {
        engine.Execute($"COPY (SELECT * FROM ({query})) TO {SqlText.Literal(path)} (FORMAT parquet)");
        return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
    }

    private static long Count(DuckDBConnection engine, string query, string ordered) => engine.Read(
        $"SELECT count(*) FROM ((FROM ({query}) EXCEPT ALL FROM ({ordered})) "
        + $"UNION ALL (FROM ({ordered}) EXCEPT ALL FROM ({query})))",
        reader => reader.GetInt64(0))[0];

    // Row groups so small that every thread has some.
    private static DuckDBConnection Open(string folder, int threads)
    {
        var engine = new DuckDBConnection("DataSource=:memory:");
        engine.Open();
        engine.Execute($"SET threads = {threads}");
        foreach (var (table, step) in ((string, int)[])[("t", 1), ("u", 13)])
        {
            var path = SqlText.Literal(Path.Combine(folder, table + ".parquet"));
            if (threads == 1)
            {
                engine.Execute(
                    "COPY (SELECT CAST(hash(r) % 500 AS INTEGER) AS k, CAST(hash(r + 1) % 1000000 AS BIGINT) AS b, "
                    + "CAST(CAST(hash(r + 2) % 100000 AS INTEGER) / 100 AS DECIMAL(9,2)) AS m, 'g' || (hash(r + 3) % 40) AS g, "
                    + "DATE '2024-01-01' + CAST(hash(r + 4) % 90 AS INTEGER) AS d, hash(r + 5) % 2 = 0 AS f, "
                    + "CASE hash(r + 6) % 5 WHEN 0 THEN 0.0::DOUBLE WHEN 1 THEN '-0.0'::DOUBLE "
                    + "ELSE (hash(r) % 997) / 7 END AS x, "
                    + "TIMESTAMP '2024-01-01' + to_hours(CAST(hash(r + 7) % 900 AS INTEGER)) AS ts, "
                    + "CAST(hash(r + 8) % 9 AS HUGEINT) AS h, "
                    + "CASE hash(r + 9) % 2 WHEN 0 THEN INTERVAL 1 MONTH ELSE INTERVAL 30 DAY END AS i, "
                    + "{'k': (hash(r + 10) % 997) / 7} AS st "
                    + $"FROM (SELECT i * {step} AS r FROM range({Rows / step}) AS n(i))) TO {path} "
                    + "(FORMAT parquet, ROW_GROUP_SIZE 2048)");
            }

            engine.Execute($"CREATE VIEW {table} AS FROM read_parquet({path})");
        }

        return engine;
    }
}
