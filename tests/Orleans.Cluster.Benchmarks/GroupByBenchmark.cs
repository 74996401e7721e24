using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Group-by over a table of the h2oai kind, through the whole product (submit to SUCCEEDED, over REST, with as many slots as
/// processors) against one DuckDB on as many threads. Runs alternate; what is reported is the ratio of medians, since machines
/// are shared. Before the first of them the cluster runs some hundred short jobs over a hundredth of the rows, as one has that is
/// used: its runtime compiles what is called often.
/// </summary>
internal static class GroupByBenchmark
{
    private static readonly string[] Queries =
        ["SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1",
            "SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM source GROUP BY id3"];

    public static async Task<int> Run(string[] args)
    {
        var rows = long.Parse(Options.Value(args, "--rows") ?? "10000000", CultureInfo.InvariantCulture);
        var runs = int.Parse(Options.Value(args, "--runs") ?? "3", CultureInfo.InvariantCulture);
        var warm = int.Parse(Options.Value(args, "--warm-up") ?? "400", CultureInfo.InvariantCulture);
        var folder = Options.Folder(args);
        var csv = Write(folder, rows);
        var few = Write(folder, Math.Max(rows / 100, 1));
        await using var cluster = await ProductCluster.Start(folder);
        Console.WriteLine(
            $"{rows} rows; {Environment.ProcessorCount} slots against {Environment.ProcessorCount} threads; medians of {runs} "
            + $"runs, submit to SUCCEEDED, after {warm} short jobs");
        for (var job = 0; job < warm; job++)
        {
            await cluster.Run(few, Queries[job % Queries.Length]);
        }

        foreach (var path in new[] { csv, Path.ChangeExtension(csv, ".parquet") })
        {
            foreach (var query in Queries)
            {
                await Compare(cluster, path, query, runs);
            }
        }

        return 0;
    }

    private static async Task Compare(ProductCluster cluster, string path, string query, int runs)
    {
        var (product, peer) = (new List<double>(), new List<double>());
        var (productCpu, peerCpu) = (new List<double>(), new List<double>());
        for (var run = 0; run <= runs; run++)
        {
            var cpu = cluster.ProcessorTime();
            var clock = Stopwatch.StartNew();
            var status = await cluster.Run(path, query);
            var took = clock.Elapsed.TotalSeconds;
            var usedCpu = (cluster.ProcessorTime() - cpu).TotalSeconds;
            cpu = Process.GetCurrentProcess().TotalProcessorTime;
            clock.Restart();
            var groups = Peer(path, query);
            var peerTook = clock.Elapsed.TotalSeconds;
            if (status.Result?.Rows != groups)
            {
                throw new InvalidOperationException(
                    $"The product has {status.Result?.Rows} groups, DuckDB {groups}: {status.Error?.Detail}");
            }

            // The first pair warms both sides up.
            if (run > 0)
            {
                product.Add(took);
                peer.Add(peerTook);
                productCpu.Add(usedCpu);
                peerCpu.Add((Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
            }
        }

        var (a, b) = (Median(product), Median(peer));
        var (c, d) = (Median(productCpu), Median(peerCpu));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetExtension(path),-8} {query[7..30],-24} product {a:0.00} s  DuckDB {b:0.00} s  ratio {a / b:0.00}; "
            + $"processor time {c:0.00} s / {d:0.00} s = {c / d:0.00}"));
    }

    private static long Peer(string path, string query)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SET threads = {Environment.ProcessorCount}";
        command.ExecuteNonQuery();
        command.CommandText =
            $"CREATE TEMP TABLE result AS {query.Replace("source", SqlText.Literal(path), StringComparison.Ordinal)}";
        command.ExecuteNonQuery();
        command.CommandText = "SELECT count(*) FROM result";
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>A table of so many rows as CSV and as Parquet, made once; the path of the CSV.</summary>
    public static string Write(string folder, long rows)
    {
        var csv = Path.Combine(folder, $"groupby-{rows}.csv");
        if (File.Exists(csv))
        {
            return csv;
        }

        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            CREATE TABLE t AS SELECT format('id{"{:03d}"}', hash(i, 1) % 100 + 1) AS id1, format('id{"{:03d}"}', hash(i, 2) % 100 + 1) AS id2,
            format('id{"{:010d}"}', hash(i, 3) % 100000 + 1) AS id3, (hash(i, 4) % 100 + 1)::INT AS id4, (hash(i, 5) % 100 + 1)::INT AS id5,
            (hash(i, 6) % 100000 + 1)::INT AS id6, (hash(i, 7) % 5 + 1)::INT AS v1, (hash(i, 8) % 15 + 1)::INT AS v2,
            round((hash(i, 9) % 100000000) / 1000000.0, 6) AS v3 FROM range({rows}) r(i)
            """;
        command.ExecuteNonQuery();
        command.CommandText = $"COPY t TO {SqlText.Literal(Path.ChangeExtension(csv, ".parquet"))} (FORMAT parquet)";
        command.ExecuteNonQuery();
        command.CommandText = $"COPY t TO {SqlText.Literal(csv)} (FORMAT csv, HEADER true)";
        command.ExecuteNonQuery();
        return csv;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
