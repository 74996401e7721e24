using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Tasks of some rows in this process, without a cluster around them: what a task costs beside its data. Processor time.
/// </summary>
internal static class SmallTaskBenchmark
{
    public static async Task<int> Run(string[] args)
    {
        var tasks = int.Parse(Options.Value(args, "--tasks") ?? "200", CultureInfo.InvariantCulture);
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-small-").FullName;
        using var executor = new LocalExecutor();
        foreach (var name in new[] { "small.csv", "small.ndjson", "small.parquet" })
        {
            var path = Path.Combine(folder, name);
            Peer.Row($"COPY (SELECT i AS a, concat('x', i) AS b FROM range(50) r(i)) TO {SqlText.Literal(path)} (FORMAT "
                + $"{Format(name)})", folder);
            var info = new FileInfo(path);
            var stamp = new FileStamp(info.FullName, info.Length, new DateTimeOffset(info.LastWriteTimeUtc));
            var probe = (await executor.ProbeAsync(new ProbeRequest(new SourceSpec
            {
                Path = [path],
            }, [stamp]), CancellationToken.None)).Get();
            var one = JobId.New();
            await Milliseconds(executor, probe, folder, 20, () => one);
            var (same, other) = (await Milliseconds(executor, probe, folder, tasks, () => one),
                await Milliseconds(executor, probe, folder, tasks, JobId.New));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-14} {same:0.0} ms a task of one job, {other:0.0} ms a job of one task"));
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static string Format(string name) =>
        name.Split('.')[1] switch { "csv" => "csv", "ndjson" => "json", var other => other };

    private static async Task<double> Milliseconds(
        LocalExecutor executor, DatasetProbe probe, string folder, int tasks, Func<JobId> job)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < tasks; i++)
        {
            var id = job();
            var file = probe.Files[0];
            var slice = new FileSlice { File = file, Start = file.DataStart, End = file.RowCount
                ?? file.Stamp.Bytes, FirstLine = file.FirstLine };
            slice = probe.Format == SourceFormat.Parquet ? slice with { Start = 0, Unit = SliceUnit.Rows } : slice;
            var scan = new ScanInput
            {
                Format = probe.Format, Dialect = probe.Dialect, Json = probe.Json, Columns = probe.Columns, Slices = [slice],
            };
            var outcome = await executor.RunAsync(
                new TaskSpec
                {
                    Attempt = new AttemptId(new TaskId(id, 0, i), 1),
                    Query = "SELECT count(*) AS n, sum(a) AS a FROM source",
                    Inputs = [new TaskInput("source", scan, null)],
                    Output = new TaskOutput { Kind = OutputKind.Single },
                    AttemptFolder = Path.Combine(folder, $"{id}", "0", $"{i}", "1"),
                    ScratchFolder = Path.Combine(folder, "scratch", $"{id}-{i}"),
                    MemoryBytes = 1L << 30,
                },
                null, CancellationToken.None);
            if (outcome.Failure is { } failure)
            {
                throw new InvalidOperationException(failure.Message);
            }
        }

        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / tasks;
    }
}
