using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// One scan task over 100 MB of CSV in this process, against DuckDB with one thread over the same bytes in a file of their own:
/// what staging, checks and durable output cost, without a cluster around them. Processor time, since machines are shared.
/// </summary>
internal static class TaskBenchmark
{
    private const string Query = "SELECT id1, sum(v1) AS v1 FROM source GROUP BY id1";

    public static async Task<int> Run(string csv, int runs)
    {
        using var executor = new LocalExecutor();
        var info = new FileInfo(csv);
        var stamp = new FileStamp(info.FullName, info.Length, new DateTimeOffset(info.LastWriteTimeUtc));
        var probe = (await executor.ProbeAsync(new ProbeRequest(new SourceSpec
        {
            Path = [csv],
        }, [stamp]), CancellationToken.None)).Get();
        var align = new AlignRequest(probe.Files[0], probe.Dialect, [Math.Min(100 << 20, info.Length - 1)]);
        var range = (await executor.AlignAsync(align, CancellationToken.None)).Get()[0];
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-task-").FullName;
        var slice = Path.Combine(folder, "slice.csv");
        Copy(csv, slice, range.End);

        var (task, peer, aligned) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= runs; run++)
        {
            task.Add(await Cpu(() => RunTask(executor, probe, range, Path.Combine(folder, "attempt"))));
            peer.Add(await Cpu(() => RunPeer(slice)));
            aligned.Add(await Cpu(() => executor.AlignAsync(align with { File = align.File }, CancellationToken.None)));
        }

        Directory.Delete(folder, recursive: true);
        var (a, b) = (Median(task), Median(peer));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{range.End - range.Start} bytes: task {a:0.000} s, DuckDB {b:0.000} s of processor time, ratio {a / b:0.00}; "
            + $"aligning the whole file {Median(aligned):0.000} s"));
        return 0;
    }

    private static async Task RunTask(LocalExecutor executor, DatasetProbe probe, AlignedRange range, string folder)
    {
        var outcome = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
                Query = Query,
                Inputs =
                [
                    new TaskInput(
                        "source",
                        new ScanInput
                        {
                            Format = probe.Format,
                            Dialect = probe.Dialect,
                            Columns = probe.Columns,
                            UsedColumns = ["id1", "v1"],
                            Slices = [new FileSlice
                            {
                                File = probe.Files[0], Start = range.Start, End = range.End, Rows = range.Rows,
                            }],
                        },
                        null),
                ],
                Output = new TaskOutput { Kind = OutputKind.Exchange },
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

    private static Task RunPeer(string path)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SET threads = 1";
        command.ExecuteNonQuery();
        command.CommandText =
            $"CREATE TEMP TABLE result AS {Query.Replace("source", SqlText.Literal(path), StringComparison.Ordinal)}";
        command.ExecuteNonQuery();
        return Task.CompletedTask;
    }

    private static async Task<double> Cpu(Func<Task> work)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        await work();
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
    }

    private static void Copy(string from, string to, long bytes)
    {
        using var source = File.OpenRead(from);
        using var target = File.Create(to);
        var buffer = new byte[1 << 20];
        while (bytes > 0)
        {
            var read = source.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes));
            target.Write(buffer, 0, read);
            bytes -= read;
        }
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
