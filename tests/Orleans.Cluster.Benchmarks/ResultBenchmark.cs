using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// One whole result as Arrow and as JSON, as a client reads it: seconds, processor time, bytes; the gateway's memory with four
/// readers at once beside what it has when nobody reads; and what a reader leaves behind that stops in the middle.
/// </summary>
internal static class ResultBenchmark
{
    private const string Arrow = "application/vnd.apache.arrow.stream";
    private const string Json = "application/json";
    private const int Readers = 4;
    private const int Pairs = 3;

    // What the machine code of both ways is made for before they are measured.
    private const int WarmRows = 500_000;

    private const int StopsAfterBytes = 8 << 20;
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(50);

    public static async Task<int> Run(string[] args)
    {
        var rows = long.Parse(Options.Value(args, "--rows") ?? "10000000", CultureInfo.InvariantCulture);
        var folder = Options.Folder(args);
        var parquet = Path.ChangeExtension(GroupByBenchmark.Write(folder, rows), ".parquet");
        await using var cluster = await ProductCluster.Start(folder);
        using var http = new HttpClient { BaseAddress = cluster.Address, Timeout = Timeout.InfiniteTimeSpan };
        var job = await cluster.Run(
            new JobSpec { Operation = OperationKind.Convert, Source = new SourceSpec { Path = [parquet] } });
        if (job.Result is not { } result || result.Rows != rows)
        {
            throw new InvalidOperationException($"The job has {job.Result?.Rows} of {rows} rows: {job.Error?.Detail}");
        }

        Console.WriteLine($"{rows} rows, {result.Columns.Count} columns, {result.Bytes >> 20} MiB as it is kept");
        await Read(cluster, http, job.Id, Arrow, rows: WarmRows);
        await Read(cluster, http, job.Id, Json, rows: WarmRows);
        var idle = Resident(cluster.GatewayId);
        var pairs = new List<(double Seconds, double Cpu)>();
        for (var pair = 0; pair < Pairs; pair++)
        {
            var arrow = await Read(cluster, http, job.Id, Arrow, null);
            var json = await Read(cluster, http, job.Id, Json, null);
            pairs.Add((json.Seconds / arrow.Seconds, json.Cpu / arrow.Cpu));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"JSON : Arrow, {Median(pairs.Select(pair => pair.Seconds)):0.0} in time and "
            + $"{Median(pairs.Select(pair => pair.Cpu)):0.0} in processor time, medians of {Pairs} pairs"));

        var before = Exports(folder);
        using (var watch = new PeakWatch(() => Resident(cluster.GatewayId)))
        {
            await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => Read(cluster, http, job.Id, Arrow, null)));
            Console.WriteLine(
                $"gateway: {idle >> 20} MiB idle, {watch.Peak >> 20} MiB at most with {Readers} readers of Arrow at once");
        }

        await Stop(http, job.Id);
        var clock = Stopwatch.StartNew();
        while (Exports(folder) > before && clock.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(LookPause);
        }

        Console.WriteLine(
            $"a reader that stops after {StopsAfterBytes >> 20} MiB leaves {Exports(folder) - before} files behind");
        return 0;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Pairs / 2);

    private static async Task<(double Seconds, double Cpu)> Read(
        ProductCluster cluster, HttpClient http, JobId job, string form, int? rows)
    {
        var (cpu, clock) = (cluster.ProcessorTime(), Stopwatch.StartNew());
        using var answer = await http.SendAsync(Ask(job, form, rows), HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync();
        var (buffer, bytes) = (new byte[1 << 16], 0L);
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            bytes += read;
        }

        var (seconds, used) = (clock.Elapsed.TotalSeconds, (cluster.ProcessorTime() - cpu).TotalSeconds);
        if (rows is null)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{form}: {seconds:0.0} s, {used:0.0} s of the product's processor time, {bytes >> 20} MiB"));
        }

        return (seconds, used);
    }

    private static async Task Stop(HttpClient http, JobId job)
    {
        using var answer = await http.SendAsync(Ask(job, Arrow, null), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var (buffer, bytes) = (new byte[1 << 16], 0);
        for (int read; bytes < StopsAfterBytes && (read = await body.ReadAsync(buffer)) > 0;)
        {
            bytes += read;
        }
    }

    // JSON without a limit would be one page of it.
    private static HttpRequestMessage Ask(JobId job, string form, int? rows) => new(
        HttpMethod.Get,
        string.Create(CultureInfo.InvariantCulture, $"/api/processing/jobs/{job}/result?limit={rows ?? int.MaxValue}"))
    {
        Headers = { Accept = { new MediaTypeWithQualityHeaderValue(form) } },
    };

    private static long Resident(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.WorkingSet64;
    }

    private static int Exports(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Count(path => Path.GetFileName(Path.GetDirectoryName(path)) == "results");

    // The largest value of something that is looked at over and over.
    private sealed class PeakWatch : IDisposable
    {
        private readonly CancellationTokenSource end = new();
        private readonly Task looks;

        public PeakWatch(Func<long> look) => looks = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                Peak = Math.Max(Peak, look());
                await Task.Delay(LookPause);
            }
        });

        public long Peak { get; private set; }

        public void Dispose()
        {
            end.Cancel();
            looks.Wait();
            end.Dispose();
        }
    }
}
