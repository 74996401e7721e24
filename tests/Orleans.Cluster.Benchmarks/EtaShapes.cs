using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>Files of the jobs whose time left is judged.</summary>
/// <param name="Table">The table's.</param>
/// <param name="Zipped">Its CSV as one gzip member, which one task reads.</param>
/// <param name="Uneven">A folder of files of one to sixty-four parts.</param>
/// <param name="Small">A folder of 200 files.</param>
/// <param name="Wide">A hundredth of the rows with 50 columns of numbers.</param>
internal sealed record EtaData(TableData Table, string Zipped, string Uneven, string Small, string Wide)
{
    public static EtaData Write(string folder, long rows)
    {
        var table = TableData.Write(folder, rows);
        var data = new EtaData(
            table, Path.ChangeExtension(table.Csv, ".csv.gz"), Path.Combine(folder, $"uneven-{rows}"),
            Path.Combine(folder, $"small-{rows}"), Path.Combine(folder, $"wide-{rows}.csv"));
        var parquet = SqlText.Literal(table.Parquet);
        Copy(data.Zipped, $"FROM {parquet}", "FORMAT csv, HEADER true, COMPRESSION gzip", folder);
        var whole = (1 << 7) - 1;
        long from = 0;
        for (var part = 0; part < 7; part++)
        {
            var count = rows * (1 << part) / whole;
            Copy(Path.Combine(Directory.CreateDirectory(data.Uneven).FullName, $"{part}.csv"),
                $"FROM {parquet} LIMIT {count} OFFSET {from}", "HEADER true", folder);
            from += count;
        }

        for (var part = 0; part < 200; part++)
        {
            Copy(Path.Combine(Directory.CreateDirectory(data.Small).FullName, $"{part}.csv"),
                $"FROM {parquet} LIMIT {rows / 400} OFFSET {part * (rows / 400)}", "HEADER true", folder);
        }

        var columns = string.Join(", ", Enumerable.Range(0, 50).Select(i => $"hash(i + {i}) % 1000 AS c{i}"));
        Copy(data.Wide, $"SELECT i AS id, {columns} FROM range({rows / 20}) r(i)", "HEADER true", folder);
        return data;
    }

    private static void Copy(string path, string query, string options, string folder)
    {
        if (!File.Exists(path))
        {
            Peer.Row($"COPY ({query}) TO {SqlText.Literal(path)} ({options})", folder);
        }
    }
}

/// <summary>A job whose time left is judged.</summary>
internal sealed record EtaShape(string Name, JobSpec Job);

/// <summary>Fifty jobs that differ in operation, format, number and size of their partitions, stages and skew.</summary>
internal static class EtaShapes
{
    private const long Fine = 4 << 20;
    private const long Middle = 24 << 20;
    private const long Coarse = 100 << 20;

    public static IEnumerable<EtaShape> All(EtaData data)
    {
        var csv = data.Table.Csv;
        (string Name, string Query)[] queries =
        [
            ("100 groups", "SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1"),
            ("100,000 groups", "SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM source GROUP BY id3"),
            ("groups of text and number", "SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM source GROUP BY id2, id4"),
            ("as many groups as rows", "SELECT id3, id6, v3, count(*) AS n FROM source GROUP BY id3, id6, v3"),
            ("medians", "SELECT id4, id5, quantile_cont(v3, 0.5) AS m, stddev(v3) AS s FROM source GROUP BY id4, id5"),
            ("regular expressions",
                "SELECT id1, count(*) AS n FROM source WHERE regexp_matches(id3, '(1|2).*(3|4)$') GROUP BY id1"),
            ("top 2 of each", "SELECT id6, v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS o "
                + "FROM source) t WHERE o <= 2"),
        ];
        foreach (var (name, query) in queries)
        {
            yield return new($"CSV, {name}, fine", Sql(csv, query, Fine));
            yield return new($"CSV, {name}, middle", Sql(csv, query, Middle));
        }

        foreach (var (name, query) in queries)
        {
            yield return new($"Parquet, {name}", Sql(data.Table.Parquet, query, Fine));
        }

        foreach (var (name, query) in queries.Take(3))
        {
            yield return new($"NDJSON, {name}", Sql(data.Table.Json, query, Middle));
            yield return new($"uneven files, {name}", Sql($"{data.Uneven}/*.csv", query, Coarse));
            yield return new($"200 files, {name}", Sql($"{data.Small}/*.csv", query, 1 << 20));
        }

        yield return new("gzip, 100 groups", Sql(data.Zipped, queries[0].Query, Coarse));
        foreach (var size in (long[])[Fine, Middle, Coarse])
        {
            var named = size == Fine ? "fine" : size == Middle ? "middle" : "coarse";
            yield return new($"sort, {named}", Of(csv, OperationKind.Sort, new { by = new[] { new { column = "id6" } } }, size));
            yield return new($"convert, {named}", Of(csv, OperationKind.Convert, new { }, size));
            yield return new(
                $"distinct, {named}", Of(csv, OperationKind.Distinct, new { columns = new[] { "id3", "id6" } }, size));
            yield return new($"join, {named}", Join(data, size));
        }

        yield return new("filter", Of(csv, OperationKind.Filter, new { where = "v1 > 4 AND id4 < 20" }, Middle));
        yield return new("profile", Of(csv, OperationKind.Profile, new { }, Middle));
        yield return new("sample", Of(csv, OperationKind.Sample, new { rows = 100_000, seed = 1 }, Middle));
        yield return new("melt", Of(data.Wide, OperationKind.Melt, new { id = new[] { "id" } }, Middle));
        yield return new("pivot", Of(
            csv, OperationKind.Pivot, new { index = new[] { "id2" }, key = "id1", value = "v1", function = "sum" }, Middle));
        yield return new("sort of text", Of(csv, OperationKind.Sort, new { by = new[] { new { column = "id3" } } }, Middle));
        yield return new("join with itself", SelfJoin(data));
    }

    private static JobSpec Sql(string path, string query, long bytes) => Of(path, OperationKind.Sql, new { query }, bytes);

    private static JobSpec Of(string path, OperationKind operation, object parameters, long bytes) => new()
    {
        Operation = operation,
        Source = new SourceSpec { Path = [path] },
        Parameters = JsonSerializer.SerializeToElement(parameters),
        Partitioning = new PartitioningSpec { TargetBytes = bytes },
    };

    private static JobSpec Join(EtaData data, long bytes) => Joined(
        data.Table.Keys, "SELECT b.g, sum(a.v1) AS v1 FROM a JOIN b ON a.id6 = b.id6 GROUP BY b.g", data, bytes);

    private static JobSpec SelfJoin(EtaData data) => Joined(
        data.Table.Parquet,
        "SELECT a.id1, count(*) AS n FROM a JOIN (SELECT id6, max(v3) AS m FROM b GROUP BY id6) b ON a.id6 = b.id6 AND a.v3 = "
        + "b.m GROUP BY a.id1", data, Middle);

    private static JobSpec Joined(string other, string query, EtaData data, long bytes) => new()
    {
        Operation = OperationKind.Sql,
        Sources = new Dictionary<string, SourceSpec>
        {
            ["a"] = new() { Path = [data.Table.Csv] }, ["b"] = new() { Path = [other] },
        },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
        Partitioning = new PartitioningSpec { TargetBytes = bytes },
    };
}
