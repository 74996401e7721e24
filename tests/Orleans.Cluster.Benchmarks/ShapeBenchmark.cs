using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Ratios that a plan's shape decides: the slowest task of a join to its median one, when one key has 60 % of the rows; a profile
/// to one scan of the same columns. Processor time stands beside wall time, since machines are shared.
/// </summary>
internal static class ShapeBenchmark
{
    public static async Task<int> Skew(string[] args)
    {
        var rows = long.Parse(Options.Value(args, "--rows") ?? "20000000", CultureInfo.InvariantCulture);
        var folder = Options.Folder(args);
        var (facts, keys) = (Path.Combine(folder, $"skew-a-{rows}.parquet"), Path.Combine(folder, $"skew-b-{rows}.parquet"));
        if (!File.Exists(keys))
        {
            Peer.Row(
                $"COPY (SELECT CASE WHEN hash(i, 1) % 10 < 6 THEN 7 ELSE CAST(hash(i, 2) % {rows / 10} AS BIGINT) END AS k, "
                + "CAST(hash(i, 3) % 1000 AS INTEGER) AS v, "
                + $"md5(CAST(i AS VARCHAR)) AS s FROM range({rows}) r(i)) TO {SqlText.Literal(facts)} (FORMAT parquet)", folder);
            Peer.Row(
                $"COPY (SELECT i AS k, CAST(hash(i) % 100 AS INTEGER) AS g, concat(md5(CAST(i AS VARCHAR)), md5(CAST(-i AS "
                + $"VARCHAR))) AS t FROM range({rows / 10}) r(i)) "
                + $"TO {SqlText.Literal(keys)} (FORMAT parquet)", folder);
        }

        const string Query =
            "SELECT b.g, count(*) AS n, sum(a.v) AS v, max(a.s) AS s, max(b.t) AS t FROM a JOIN b ON a.k = b.k GROUP BY b.g";
        await using var cluster = await ProductCluster.Start(folder);
        var status = await cluster.Run(new JobSpec
        {
            Operation = OperationKind.Sql,
            Sources = new Dictionary<string, SourceSpec> { ["a"] = new() { Path = [facts] }, ["b"] = new() { Path = [keys] } },
            Parameters = JsonSerializer.SerializeToElement(new { query = Query }),
        });
        if (status.Phase != JobPhase.Succeeded)
        {
            Console.WriteLine($"{status.Phase}: {status.Error?.Detail}");
            return 1;
        }

        foreach (var stage in (await cluster.Partitions(status.Id))
            .Where(partition => partition.State == "COMMITTED").GroupBy(partition => partition.Stage))
        {
            var tasks = stage.Select(Seconds).Order().ToList();
            var name = status.Progress.Stages.First(one => one.Index == stage.Key).Name;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"stage {stage.Key} {name,-10} {tasks.Count,3} tasks, median {tasks[tasks.Count / 2]:0.00} s, slowest "
                + $"{tasks[^1]:0.00} s, ratio {tasks[^1] / tasks[tasks.Count / 2]:0.00}; "
                + $"bytes read: median {stage.Select(task => task.Bytes).Order().ElementAt(tasks.Count / 2)}, most "
                + $"{stage.Max(task => task.Bytes)}"));
        }

        return 0;
    }

    public static async Task<int> Profile(string csv, string[] args)
    {
        var runs = int.Parse(Options.Value(args, "--runs") ?? "3", CultureInfo.InvariantCulture);
        var folder = Path.GetDirectoryName(Path.GetFullPath(csv))!;
        await using var cluster = await ProductCluster.Start(Options.Folder(args), folder);
        var columns = Peer.Row(
            $"SELECT string_agg(format('count({"{}"})', column_name), ', ') FROM (DESCRIBE FROM {SqlText.Literal(csv)})",
            Options.Folder(args));
        var source = new SourceSpec { Path = [Path.GetFullPath(csv)] };
        var scan = new JobSpec
        {
            Operation = OperationKind.Sql, Source = source,
            Parameters = JsonSerializer.SerializeToElement(new { query = $"SELECT {columns} FROM source" }),
        };
        var profile = new JobSpec { Operation = OperationKind.Profile, Source = source };
        var (scans, profiles) = (new List<(double Wall, double Cpu)>(), new List<(double Wall, double Cpu)>());
        for (var run = 0; run <= runs; run++)
        {
            scans.Add(await Time(cluster, scan));
            profiles.Add(await Time(cluster, profile));
        }

        // The first pair warms up.
        var (a, b) = (Median(profiles.Skip(1), one => one.Wall), Median(scans.Skip(1), one => one.Wall));
        var (c, d) = (Median(profiles.Skip(1), one => one.Cpu), Median(scans.Skip(1), one => one.Cpu));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"profile {a:0.00} s, scan {b:0.00} s, ratio {a / b:0.00}; processor time {c:0.00} s / {d:0.00} s = {c / d:0.00}"));
        return 0;
    }

    private static double Seconds(PartitionItem partition) =>
        (partition.Attempts[^1].EndedAt - partition.Attempts[^1].StartedAt)!.Value.TotalSeconds;

    private static async Task<(double Wall, double Cpu)> Time(ProductCluster cluster, JobSpec job)
    {
        var cpu = cluster.ProcessorTime();
        var clock = Stopwatch.StartNew();
        var status = await cluster.Run(job);
        return status.Phase == JobPhase.Succeeded
            ? (clock.Elapsed.TotalSeconds, (cluster.ProcessorTime() - cpu).TotalSeconds)
            : throw new InvalidOperationException($"{job.Operation}: {status.Phase}: {status.Error?.Detail}");
    }

    private static double Median(IEnumerable<(double Wall, double Cpu)> runs, Func<(double Wall, double Cpu), double> of)
    {
        var values = runs.Select(of).Order().ToList();
        return values[values.Count / 2];
    }
}
