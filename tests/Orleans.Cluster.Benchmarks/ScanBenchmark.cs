using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// The text scan as tasks use it, in this process, against DuckDB's own reader with one thread over the same file: six queries
/// over a table of the h2oai kind, pair by pair, results compared. Processor time, as machines are shared; a task's has its
/// checks and its durable output in it.
/// </summary>
internal static class ScanBenchmark
{
    private static readonly (string Query, string[] Columns)[] Cases =
    [
        ("SELECT count(*) AS n FROM source", ["v1"]),
        ("SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1", ["id1", "v1"]),
        ("SELECT count(*) AS n FROM source WHERE v1 > 2 AND id4 < 50", ["v1", "id4"]),
        ("SELECT max(id1) AS a, max(id2) AS b, max(id3) AS c, sum(id4) AS d, sum(id5) AS e, sum(id6) AS f, sum(v1) AS g, sum(v2) "
            + "AS h, sum(v3) AS i FROM source",
            ["id1", "id2", "id3", "id4", "id5", "id6", "v1", "v2", "v3"]),
        ("SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM source GROUP BY id3", ["id3", "v1", "v3"]),
        ("SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM source GROUP BY id6", ["id6", "v1", "v2", "v3"]),
    ];

    public static async Task<int> Run(string[] args)
    {
        var rows = long.Parse(Options.Value(args, "--rows") ?? "2000000", CultureInfo.InvariantCulture);
        var runs = int.Parse(Options.Value(args, "--runs") ?? "7", CultureInfo.InvariantCulture);
        var data = TableData.Write(Options.Folder(args), rows);
        using var executor = new LocalExecutor();
        foreach (var path in new[] { data.Csv, data.Json })
        {
            await Compare(executor, path, runs);
        }

        return 0;
    }

    private static async Task Compare(LocalExecutor executor, string path, int runs)
    {
        var info = new FileInfo(path);
        var stamp = new FileStamp(info.FullName, info.Length, new DateTimeOffset(info.LastWriteTimeUtc));
        var probe = (await executor.ProbeAsync(new ProbeRequest(new SourceSpec
        {
            Path = [path],
        }, [stamp]), CancellationToken.None)).Get();
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-scan-").FullName;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}, {info.Length >> 20} MiB; processor seconds, medians of {runs} pairs"));
        foreach (var (query, columns) in Cases)
        {
            var (task, peer) = (new List<double>(), new List<double>());
            for (var run = 0; run <= runs; run++)
            {
                var taskTook = await Cpu(() => RunTask(executor, probe, query, columns, Path.Combine(folder, "attempt")));
                var peerTook = await Cpu(() => RunPeer(path, query, Path.Combine(folder, "peer.parquet")));
                if (run > 0)
                {
                    task.Add(taskTook);
                    peer.Add(peerTook);
                }
            }

            Require(Path.Combine(folder, "attempt", "data.parquet"), Path.Combine(folder, "peer.parquet"), query);
            var (a, b) = (Median(task), Median(peer));
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"task {a:0.000}  DuckDB {b:0.000}  ratio {a / b:0.00}  {query}"));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task RunTask(LocalExecutor executor, DatasetProbe probe, string query, string[] columns, string folder)
    {
        var file = probe.Files[0];
        var slice = new FileSlice { File = file, Start = file.DataStart, End = file.Stamp.Bytes, FirstLine = file.FirstLine };
        var scan = new ScanInput
        {
            Format = probe.Format, Dialect = probe.Dialect, Json = probe.Json, Columns = probe.Columns, UsedColumns = columns,
            Slices = [slice],
        };
        var outcome = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
                Query = query,
                Inputs = [new TaskInput("source", scan, null)],
                Output = new TaskOutput { Kind = OutputKind.Single },
                AttemptFolder = folder,
                ScratchFolder = folder + "-scratch",
                MemoryBytes = 1L << 30,
            },
            null, CancellationToken.None);
        if (outcome.Failure is { } failure)
        {
            throw new InvalidOperationException(failure.Message);
        }
    }

    private static Task RunPeer(string csv, string query, string result)
    {
        Answer($"SET threads = 1; COPY ({query.Replace("source", SqlText.Literal(csv), StringComparison.Ordinal)}) TO "
            + $"{SqlText.Literal(result)} (FORMAT parquet)");
        return Task.CompletedTask;
    }

    // Sums of doubles are compared to the digits that their order leaves.
    private static void Require(string task, string peer, string query)
    {
        var (a, b) = ($"read_parquet({SqlText.Literal(task)})", $"read_parquet({SqlText.Literal(peer)})");
        const string Rounded = "SELECT coalesce(round(TRY_CAST(CAST(COLUMNS(*) AS VARCHAR) AS DOUBLE), 2)::VARCHAR, "
            + "CAST(COLUMNS(*) AS VARCHAR)) FROM";
        var differences = Answer(
            $"SELECT count(*) FROM (({Rounded} {a} EXCEPT ALL {Rounded} {b}) UNION ALL ({Rounded} {b} EXCEPT ALL {Rounded} "
            + $"{a}))");
        if (differences != "0")
        {
            throw new InvalidOperationException($"The task and DuckDB differ in {differences} rows: {query}");
        }
    }

    private static string? Answer(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static async Task<double> Cpu(Func<Task> work)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        await work();
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
