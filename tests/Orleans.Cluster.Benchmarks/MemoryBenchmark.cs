using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Data larger than memory: a group-by of 10 million groups, a full sort and a join of two tables of 1 GB each, in tasks of 512
/// MB. What each writes is compared with one DuckDB that has memory enough; executors are measured from outside.
/// </summary>
internal static class MemoryBenchmark
{
    private const long TaskBytes = 512L << 20;

    public static async Task<int> Run(string[] args)
    {
        var millions = long.Parse(Options.Value(args, "--millions") ?? "10", CultureInfo.InvariantCulture);
        var only = Options.Value(args, "--only");
        var folder = Options.Folder(args);
        var (left, right) = Write(folder, millions * 1_000_000);
        Console.WriteLine(
            $"{new FileInfo(left).Length} and {new FileInfo(right).Length} bytes; {Environment.ProcessorCount} slots of "
            + $"{TaskBytes} bytes");
        var failed = 0;
        foreach (var (name, job, peer) in Jobs(left, right).Where(job => only is null || job.Name == only))
        {
            // A cluster of its own for each: the kernel's largest size is of the whole life of a process.
            await using var cluster = await ProductCluster.Start(folder);
            using var memory = new ExecutorMemory(cluster.GatewayId);
            var output = Path.Combine(folder, "memory-" + name);
            var clock = Stopwatch.StartNew();
            var status = await cluster.Run(job with
            {
                Resources = new ResourceRequest { MemoryBytes = TaskBytes },
                Output = new OutputSpec { Path = output, Mode = OutputMode.Overwrite },
            });
            var took = clock.Elapsed;
            if (status.Phase != JobPhase.Succeeded)
            {
                Console.WriteLine($"{name}: {status.Phase}: {status.Error?.Detail}");
                failed++;
                continue;
            }

            var answer = Sum(status, name == "sort", output, folder);
            var expected = Peer.Row(Checksum(peer), folder);
            var retried = (await cluster.Partitions(status.Id)).Sum(partition => partition.Attempts.Count - 1);
            var isRight = answer == expected && memory.PeakResident <= TaskBytes;
            failed += isRight ? 0 : 1;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-8} {took.TotalSeconds:0} s, {status.Result!.Rows} rows in {status.Result.Files.Count} files, {retried} "
                + $"attempts more than tasks; "
                + $"executors at most {memory.PeakResident >> 20} MiB resident, {memory.PeakWithStaging >> 20} MiB with staged "
                + $"text; gateway {memory.PeakGateway >> 20} MiB, "
                + $"planning executor {memory.PeakPlanning >> 20} MiB; "
                + $"{(isRight ? "right" : $"WRONG: {answer} instead of {expected}")}"));
            Directory.Delete(output, recursive: true);
        }

        return failed == 0 ? 0 : 1;
    }

    private static IEnumerable<(string Name, JobSpec Job, string Peer)> Jobs(string left, string right)
    {
        const string Groups = "SELECT k, count(*) AS n, sum(v) AS total, max(s) AS last FROM a GROUP BY k";
        const string Joined = "SELECT a.k, a.v, a.s, b.t FROM a JOIN b ON a.k = b.k";
        var named = new Dictionary<string, SourceSpec> { ["a"] = new() { Path = [left] }, ["b"] = new() { Path = [right] } };
        string Over(string query) => $"WITH a AS (FROM {Table(left)}), b AS (FROM {Table(right)}) {query}";
        yield return ("groupby", Sql(Groups, named), Over(Groups));
        yield return ("join", Sql(Joined, named), Over(Joined));
        yield return (
            "sort",
            new JobSpec
            {
                Operation = OperationKind.Sort,
                Source = named["a"],
                Parameters = JsonSerializer.SerializeToElement(
                    new { by = (object[])[new { column = "s" }, new { column = "k", descending = true }] }),
            },
            Over("SELECT * FROM a"));
    }

    private static JobSpec Sql(string query, Dictionary<string, SourceSpec> sources) => new()
    {
        Operation = OperationKind.Sql,
        Sources = sources.Where(source => query.Contains($" {source.Key} ", StringComparison.Ordinal)).ToDictionary(),
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };

    private static string Table(string csv) => $"read_csv({SqlText.Literal(csv)})";

    // Order counts for the sort alone: each row is compared with the one before it, in the order of the files.
    private static string Sum(JobStatus status, bool isSorted, string output, string folder)
    {
        var files = string.Join(", ", status.Result!.Files.Select(file => SqlText.Literal(Path.Combine(output, file.Path))));
        var rows = $"SELECT * FROM read_parquet([{files}])";
        if (isSorted && Peer.Row(
            $"SELECT count(*) FROM (SELECT (s, -k) < lag((s, -k)) OVER () AS falls FROM read_parquet([{files}])) WHERE falls",
            folder) is not "0" and var falls)
        {
            return $"{falls} rows out of order";
        }

        return Peer.Row(Checksum(rows), folder);
    }

    private static string Checksum(string rows) =>
        $"SELECT count(*), sum(CAST(hash(CAST(r AS VARCHAR)) AS HUGEINT)) FROM ({rows}) r";

    private static (string Left, string Right) Write(string folder, long keys)
    {
        var (left, right) = (Path.Combine(folder, $"memory-a-{keys}.csv"), Path.Combine(folder, $"memory-b-{keys}.csv"));
        if (!File.Exists(left))
        {
            // 7919 has no divisor in common with a power of ten: each key comes, in no order, 2.7 times on average.
            Peer.Row(
                $"COPY (SELECT i * 7919 % {keys} AS k, CAST(hash(i, 1) % 1000 AS INTEGER) AS v, substr(md5(CAST(i AS VARCHAR)), "
                + "1, 24) AS s "
                + $"FROM range({keys * 27 / 10}) r(i)) TO {SqlText.Literal(left)}", folder);
        }

        if (!File.Exists(right))
        {
            Peer.Row(
                $"COPY (SELECT i * 7907 % {keys} AS k, concat(md5(CAST(i AS VARCHAR)), md5(CAST(-i AS VARCHAR)), md5(CAST(i + 7 "
                + "AS VARCHAR))) AS t "
                + $"FROM range({keys}) r(i)) TO {SqlText.Literal(right)}", folder);
        }

        return (left, right);
    }
}
