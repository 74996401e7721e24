using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// The embedded default (a gateway and four workers) under clients that call it all at once over REST, each on a connection of
/// its own. "In a loop" is each client one call after the other: then p99 says how many calls a second there are room for, not
/// how long one takes. "Each ... a second" is a pace that leaves processors free, where it says how long one takes.
/// Events are measured from the end of an attempt, as its worker wrote it down, to the event that counts it, at every one of the
/// subscribers. The load generator shares the machine. Processor time is of the gateway's process alone, and says the same on a
/// busy machine.
/// </summary>
internal static class LoadBenchmark
{
    private const int Workers = 4;
    private static readonly TimeSpan Loop = TimeSpan.Zero;

    public static async Task<int> Run(string[] args)
    {
        var clients = Number(args, "--clients", 100);
        var span = TimeSpan.FromSeconds(Number(args, "--seconds", 15));
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-load-").FullName;
        WriteTable(Path.Combine(folder, "table.csv"), rows: 200_000);
        await using (var cluster = await ProductCluster.Start(folder, workers: Workers))
        {
            Console.WriteLine($"{clients} clients, {Workers} workers, {Environment.ProcessorCount} processors");
            using var http = Client(cluster.Address, clients);
            var load = new Load(cluster, http, clients);

            if (args.Contains("--events-only"))
            {
                await load.MeasureEvents();
                Report("event after an attempt's end", await load.MeasureEvents());
                return 0;
            }

            // The runtime compiles anew what it has called some hundred times: a cluster's first minutes are another figure than
            // its days.
            Report("submit to a fresh cluster", await load.Measure(load.Submit, 2 * span, TimeSpan.FromSeconds(10)));
            await load.Measure(load.Submit, 2 * span, TimeSpan.FromSeconds(10));
            await load.Settle();
            await load.Measure(load.Status, span, Loop);
            await load.MeasureEvents();

            Report("submit, each once in 10 s", await load.Measure(load.Submit, 2 * span, TimeSpan.FromSeconds(10)));
            Report("status of running jobs, each 1/s", await load.Measure(load.Status, span, TimeSpan.FromSeconds(1)));
            await load.Settle();
            Report("status, each 1/s", await load.Measure(load.Status, span, TimeSpan.FromSeconds(1)));
            Report("status, in a loop", await load.Measure(load.Status, span, Loop));
            Report("event after an attempt's end", await load.MeasureEvents());
            Report("submit, in a loop", await load.Measure(load.Submit, span, Loop));
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static void Report(string name, Sample sample)
    {
        var times = sample.Milliseconds;
        double At(double share) => times[Math.Min(times.Count - 1, (int)(times.Count * share))];
        var cpu = sample.Processor is { } processor
            ? $", {(processor.TotalMilliseconds / times.Count).ToString("0.00", CultureInfo.InvariantCulture)} ms of the "
            + "gateway's time each" : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-32} {times.Count,6} in {sample.Span.TotalSeconds:0.0} s: p50 {At(0.5):0.0}, p90 {At(0.9):0.0}, p99 "
            + $"{At(0.99):0.0}, max {times[^1]:0.0} ms{cpu}; load average {LoadAverage()}"));
    }

    private static HttpClient Client(Uri address, int clients) =>
        new(new SocketsHttpHandler { MaxConnectionsPerServer = clients })
    {
        BaseAddress = new Uri(address, "/api/processing/"), Timeout = TimeSpan.FromMinutes(5),
    };

    private static void WriteTable(string path, int rows)
    {
        using var file = new StreamWriter(path);
        file.WriteLine("k,v");
        for (var row = 0; row < rows; row++)
        {
            file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"key{row % 1000},{row % 997}"));
        }
    }

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static int Number(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Times of single calls in ascending order, and what the gateway used for all of them.</summary>
    private sealed record Sample(IReadOnlyList<double> Milliseconds, TimeSpan Span, TimeSpan? Processor);

    /// <summary>The clients, and the jobs that they have made.</summary>
    private sealed class Load(ProductCluster cluster, HttpClient http, int clients)
    {
        private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);
        private readonly List<string> ids = [];
        private int made;

        public async Task<Sample> Measure(Func<int, Task> call, TimeSpan span, TimeSpan pace)
        {
            var clock = Stopwatch.StartNew();
            var before = cluster.GatewayTime();
            var times = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
            {
                // Spread over the first period, as clients are that do not know of each other.
                var own = new List<double>();
                for (var due = pace * client / clients; due < span && clock.Elapsed < span; due += pace)
                {
                    if (due - clock.Elapsed is var rest && rest > TimeSpan.Zero)
                    {
                        await Task.Delay(rest);
                    }

                    // From when it was due: a client that had to wait for its own last call has waited for this one too.
                    var late = pace > TimeSpan.Zero ? clock.Elapsed - due : TimeSpan.Zero;
                    var start = Stopwatch.GetTimestamp();
                    await call(client);
                    own.Add((late + Stopwatch.GetElapsedTime(start)).TotalMilliseconds);
                }

                return own;
            }));
            return new Sample([.. times.SelectMany(own => own).Order()], clock.Elapsed, cluster.GatewayTime() - before);
        }

        /// <summary>A job over the little table; no two are alike, so that each is planned.</summary>
        public async Task Submit(int client)
        {
            var job = new
            {
                operation = "aggregate", source = new { path = "table.csv" },
                parameters = new { groupBy = new[] { "k" }, where = $"v > {Interlocked.Increment(ref made)}" },
            };
            using var response = await http.PostAsJsonAsync("jobs/submit", job);
            var status = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                throw new InvalidOperationException($"{response.StatusCode}: {status}");
            }

            lock (ids)
            {
                ids.Add(status.GetProperty("id").GetString()!);
            }
        }

        /// <summary>Status of one of the newest jobs.</summary>
        public async Task Status(int client)
        {
            using var response = await http.GetAsync($"jobs/{ids[^(1 + (client % ids.Count))]}/status");
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        }

        /// <summary>Waits until nothing runs: a cluster that still works on the last load cannot show the next one.</summary>
        public async Task Settle()
        {
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < Patience; await Task.Delay(Quiet))
            {
                var list = await http.GetFromJsonAsync<JsonElement>(
                    "jobs/list?pageSize=1&status=QUEUED&status=PLANNING&status=RUNNING&status=PUBLISHING");
                if (list.GetProperty("items").GetArrayLength() == 0)
                {
                    return;
                }
            }

            throw new TimeoutException("The jobs did not end.");
        }

        public async Task<Sample> MeasureEvents()
        {
            var job = new
            {
                operation = "filter", source = new { path = "table.csv" }, parameters = new { where = "v > 10" },
                partitioning = new { targetBytes = 40_000 },
            };
            using var submitted = await http.PostAsJsonAsync("jobs/submit", job);
            var id = (await submitted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
            var clock = Stopwatch.StartNew();
            var seen = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Subscribe(id)));
            var ends = (await Ends(id)).Order().ToList();

            // The k-th end is told by the first event that counts k partitions.
            var delays = seen.SelectMany(counts => ends.Select((end, index) =>
                (counts.First(count => count.Completed > index).At - end).TotalMilliseconds)).Order();
            return new Sample([.. delays], clock.Elapsed, null);
        }

        private async Task<List<(int Completed, DateTimeOffset At)>> Subscribe(string id)
        {
            var counts = new List<(int, DateTimeOffset)>();
            using var response = await http.GetAsync($"jobs/{id}/events", HttpCompletionOption.ResponseHeadersRead);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            var name = "";
            while (await reader.ReadLineAsync() is { } line)
            {
                name = line.StartsWith("event: ", StringComparison.Ordinal) ? line["event: ".Length..] : name;
                if (name == "status" && line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    var at = DateTimeOffset.UtcNow;
                    var progress = JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("progress");
                    counts.Add((progress.GetProperty("partitions").GetProperty("completed").GetInt32(), at));
                }
            }

            return counts;
        }

        private async Task<List<DateTimeOffset>> Ends(string id)
        {
            var ends = new List<DateTimeOffset>();
            string? token = null;
            do
            {
                var page = await http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500{token}");
                ends.AddRange(page.GetProperty("items").EnumerateArray()
                    .Select(item => item.GetProperty("attempts")
                        .EnumerateArray().Last().GetProperty("endedAt").GetDateTimeOffset()));
                token = page.GetProperty("nextPageToken").GetString() is { } next ? $"&pageToken={next}" : null;
            }
            while (token is not null);
            return ends;
        }
    }
}
