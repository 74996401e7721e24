using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>One row of the table: a job, and the query by which one DuckDB answers the same.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Job">The job.</param>
/// <param name="Peer">The peer's query.</param>
/// <param name="Goal">What the ratio shall be at most, and of what; for readers.</param>
internal sealed record TableCase(string Name, JobSpec Job, string Peer, string Goal = "")
{
    /// <summary>What the peer does before its query.</summary>
    public string PeerSetup { get; init; } = "";

    /// <summary>What is asked of the peer's result, with the name of its file behind it; null for nothing.</summary>
    public string? PeerBack { get; init; }

    /// <summary>What is run in place of the job: an exchange by itself.</summary>
    public ExchangeCase? Exchange { get; init; }

    /// <summary>The cases over a table of the h2oai kind, and of TPC-H.</summary>
    /// <param name="data">Its files.</param>
    /// <param name="isQuick">Whether those are left out that take long.</param>
    /// <param name="taskBytes">Memory of a task; null for what a job has that does not say.</param>
    public static IEnumerable<TableCase> All(TableData data, bool isQuick, long? taskBytes = null)
    {
        var resources = taskBytes is { } bytes ? new ResourceRequest { MemoryBytes = bytes } : new ResourceRequest();
        return Of(data, isQuick, resources.MemoryBytes).Select(one => one with { Job = one.Job with { Resources = resources } });
    }

    private static IEnumerable<TableCase> Of(TableData data, bool isQuick, long taskBytes)
    {
        const string Few = "SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1";
        const string Many = "SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM source GROUP BY id3";
        yield return new(
            "one row of ten, aggregated", Sql(data.Tiny, "SELECT sum(a) AS a FROM source"),
            Over(data.Tiny, "SELECT sum(a) AS a FROM source"));
        yield return new("CSV, 100 groups", Sql(data.Csv, Few), Over(data.Csv, Few), "<= 0.5");
        yield return new("CSV, 100,000 groups", Sql(data.Csv, Many), Over(data.Csv, Many), "<= 0.7");
        yield return new("NDJSON, 100 groups", Sql(data.Json, Few), Over(data.Json, Few), "<= 0.6");
        yield return new("Parquet, 100 groups", Sql(data.Parquet, Few), Over(data.Parquet, Few), "<= 1.3 or 80 ms more");
        yield return Of("CSV to Parquet", data.Csv, OperationKind.Convert, new { }, "SELECT * FROM source", "<= 0.8");
        yield return Of(
            "CSV, filter", data.Csv, OperationKind.Filter, new { where = "v1 > 4 AND id4 < 20" },
            "SELECT * FROM source WHERE v1 > 4 AND id4 < 20", "");
        yield return Of(
            "CSV, sort", data.Csv, OperationKind.Sort, new { by = new[] { new { column = "id6" } } },
            "SELECT * FROM source ORDER BY id6", "<= 1.5");
        yield return new("CSV, join, then 100 groups", Join(data), JoinPeer(data), "<= 1.5");
        yield return new(
            "exchange alone", new JobSpec { Operation = OperationKind.Sql }, $"FROM {SqlText.Literal(data.Exchange)}", "<= 2")
        {
            PeerBack = ExchangeCase.Sums,
            Exchange = new ExchangeCase(data.Exchange, Path.GetDirectoryName(data.Exchange)!, taskBytes),
        };
        if (isQuick)
        {
            yield break;
        }

        yield return Of(
            "CSV, profile", data.Csv, OperationKind.Profile, new { }, "SELECT * FROM (SUMMARIZE SELECT * FROM source)", "");
        yield return new("CSV, as many groups as rows", Sql(data.Csv, Most), Over(data.Csv, Most), "<= 2");
        foreach (var (query, i) in Questions.Select((query, i) => (query, i)))
        {
            yield return new($"h2oai {i + 1}", Sql(data.Csv, query), Over(data.Csv, query), "geometric mean <= 1");
        }

        foreach (var tpch in TpchData.Cases(data.Tpch))
        {
            yield return tpch;
        }
    }

    private const string Most = "SELECT id3, id6, v3, count(*) AS n FROM source GROUP BY id3, id6, v3";

    private const string Joined = "SELECT b.g, sum(a.v1) AS v1 FROM a JOIN b ON a.id6 = b.id6 GROUP BY b.g";

    // The ten questions of the h2oai benchmark on groups.
    private static readonly string[] Questions =
    [
        "SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1",
        "SELECT id1, id2, sum(v1) AS v1 FROM source GROUP BY id1, id2",
        "SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM source GROUP BY id3",
        "SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM source GROUP BY id4",
        "SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM source GROUP BY id6",
        "SELECT id4, id5, quantile_cont(v3, 0.5) AS median_v3, stddev(v3) AS sd_v3 FROM source GROUP BY id4, id5",
        "SELECT id3, max(v1) - min(v2) AS range_v1_v2 FROM source GROUP BY id3",
        "SELECT id6, v3 AS largest2_v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS o FROM "
            + "source) t WHERE o <= 2",
        "SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM source GROUP BY id2, id4",
        "SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS n FROM source GROUP BY id1, id2, id3, id4, id5, id6",
    ];

    private static JobSpec Sql(string path, string query) => new()
    {
        Operation = OperationKind.Sql,
        Source = new SourceSpec { Path = [path] },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };

    private static TableCase Of(
        string name, string path, OperationKind operation, object parameters, string peer, string goal) => new(
        name,
        new JobSpec
        {
            Operation = operation, Source = new SourceSpec { Path = [path] },
            Parameters = JsonSerializer.SerializeToElement(parameters),
        },
        Over(path, peer), goal);

    private static JobSpec Join(TableData data) => new()
    {
        Operation = OperationKind.Sql,
        Sources = new Dictionary<string, SourceSpec> { ["a"] = new() { Path = [data.Csv] },
            ["b"] = new() { Path = [data.Keys] } },
        Parameters = JsonSerializer.SerializeToElement(new { query = Joined }),
    };

    private static string JoinPeer(TableData data) =>
        $"WITH a AS (FROM {SqlText.Literal(data.Csv)}), b AS (FROM {SqlText.Literal(data.Keys)}) {Joined}";

    private static string Over(string path, string query) =>
        query.Replace("source", SqlText.Literal(path), StringComparison.Ordinal);
}
