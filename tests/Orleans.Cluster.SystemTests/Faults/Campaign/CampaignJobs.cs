using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Jobs of several shapes over two tables, whose results are known from a run that nothing happened to, and what must be true of
/// each of them whatever happens: one job for a key, no step back, an end that stays, the right bytes, and no file too many.
/// </summary>
internal sealed class CampaignJobs(EmbeddedCluster cluster, Func<IReadOnlyList<HttpClient>> gateways)
{
    private const int Rows = 60_000;
    private const string Foreign = "this is somebody's";
    private static readonly string[] Ends = ["SUCCEEDED", "FAILED", "CANCELLED"];
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, string[]> hashes = [];
    private readonly Dictionary<(string Job, HttpClient Gateway), (string Phase, long Revision, double Fraction)> shown = [];
    private readonly Dictionary<string, string> keys = [];
    private readonly HashSet<string> foreign = [];
    private long bytes;

    /// <summary>The shapes that there are.</summary>
    public static IReadOnlyList<string> Shapes { get; } = ["aggregate", "aggregate to CSV", "join", "sort to Parquet", "folders"];

    /// <summary>Writes the tables, and runs each shape once with nobody disturbing it.</summary>
    /// <returns>How long the slowest one took.</returns>
    public async Task<TimeSpan> MeasureAsync()
    {
        WriteTables();
        var slowest = TimeSpan.Zero;
        for (var warm = 0; warm < 2; warm++)
        {
            foreach (var shape in Shapes)
            {
                var clock = System.Diagnostics.Stopwatch.StartNew();
                var job = await SubmitAsync(shape, $"measure-{warm}", new Random(0), default);
                var end = await cluster.WaitForEndAsync(job.Id);
                if (warm == 1 && clock.Elapsed > slowest)
                {
                    slowest = clock.Elapsed;
                }

                Check(job, end, wasCancelled: false);
            }
        }

        return slowest;
    }

    /// <summary>Submits a job under a key until a gateway says that it has it, whatever the gateways say before.</summary>
    public async Task<CampaignJob> SubmitAsync(string shape, string name, Random random, CancellationToken cancellationToken)
    {
        var folder = shape is "aggregate" or "join" ? null : $"out/{name}-{shape.Replace(' ', '-')}";
        var key = $"{name}-{shape.Replace(' ', '-')}";
        while (true)
        {
            var clients = gateways();
            if (await TrySubmitAsync(clients[random.Next(clients.Count)], key, Body(shape, folder), cancellationToken) is { } id)
            {
                Assert.True(
                    keys.TryAdd(key, id) || keys[key] == id, $"Key {key} is of {keys.GetValueOrDefault(key)} and of {id}.");
                return new CampaignJob(id, shape, folder);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }
    }

    /// <summary>
    /// Asks a gateway for a job. What it showed is the least that it may show later; and, when nothing happens any more, what
    /// another one showed. While it is cut off from the database a gateway knows no better than what it knew.
    /// </summary>
    /// <returns>Its status, or null when there was no answer.</returns>
    public async Task<JsonElement?> LookAsync(CampaignJob job, HttpClient http, bool isCalm)
    {
        if (await TryGetAsync(http, $"jobs/{job.Id}/status") is not { } status)
        {
            return null;
        }

        var now = (Phase: status.GetProperty("status").GetString()!, Revision: status.GetProperty("revision").GetInt64(),
            Fraction: status.GetProperty("progress").GetProperty("fraction").GetDouble());
        lock (shown)
        {
            var before = isCalm
                ? shown.Where(pair => pair.Key.Job == job.Id).Select(pair => pair.Value).DefaultIfEmpty()
                    .MaxBy(one => one.Revision)
                : shown.GetValueOrDefault((job.Id, http));
            Assert.True(
                now.Revision >= before.Revision && now.Fraction >= before.Fraction
                && (before.Phase is null || !Ends.Contains(before.Phase) || before.Phase == now.Phase),
                $"{job} showed {before}, and then {now}.");
            shown[(job.Id, http)] = now;
        }

        return status;
    }

    /// <summary>Whether a status is an end.</summary>
    public static bool IsEnd(JsonElement status) => Ends.Contains(status.GetProperty("status").GetString());

    /// <summary>Puts a file of somebody's into a job's output folder.</summary>
    public void AddForeign(CampaignJob job, Random random)
    {
        if (job.Folder is not { } folder)
        {
            return;
        }

        var name = random.Next(3) switch
        {
            0 => $"mine-{random.Next()}.csv",
            1 => $"_manifest-{random.Next()}.json",
            _ => $"sub/mine-{random.Next()}.csv",
        };
        var path = Path.Combine(cluster.Folder, folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, Foreign);
        foreign.Add(path);
    }

    /// <summary>Checks what a job has left behind, in its state and in its folder.</summary>
    public void Check(CampaignJob job, JsonElement end, bool wasCancelled)
    {
        var phase = end.GetProperty("status").GetString()!;
        Assert.True(phase == "SUCCEEDED" || (wasCancelled && phase == "CANCELLED"), $"{job}: {end}");
        if (phase == "SUCCEEDED")
        {
            var files = end.GetProperty("result").GetProperty("files").EnumerateArray().ToList();
            string[] seen = [.. files.Select(file => file.GetProperty("sha256").GetString()!)];
            hashes.TryAdd(job.Shape, seen);
            Assert.True(hashes[job.Shape].SequenceEqual(seen), $"{job} has other bytes than the same job before.");
            CheckFolder(job, [.. files.Select(file => file.GetProperty("path").GetString()!).Zip(seen)]);
        }
        else
        {
            CheckFolder(job, []);
        }
    }

    /// <summary>Checks that the cluster has the jobs that were submitted, each once, and no other.</summary>
    public async Task CheckListAsync()
    {
        var listed = new List<string>();
        var next = "jobs/list?pageSize=500";
        while (next is not null)
        {
            var page = await gateways()[0].GetFromJsonAsync<JsonElement>(next);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            next = page.GetProperty("nextPageToken") is { ValueKind: JsonValueKind.String } token
                ? $"jobs/list?pageSize=500&pageToken={Uri.EscapeDataString(token.GetString()!)}" : null;
        }

        Assert.Equal(keys.Values.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    /// <summary>Asks for a job's cancellation. Whoever does not answer is not asked again.</summary>
    public static async Task CancelAsync(CampaignJob job, HttpClient http)
    {
        using var timeout = new CancellationTokenSource(AnswerWithin);
        try
        {
            using var response = await http.PostAsync($"jobs/{job.Id}/cancel", null, timeout.Token);
            Assert.True(
                (int)response.StatusCode is 200 or 202 or 409 or >= 500, $"{job}: {response.StatusCode} to a cancellation.");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // It is one of those that something has happened to.
        }
    }

    /// <summary>Has a job run again that was cancelled.</summary>
    public async Task RetryAsync(CampaignJob job)
    {
        using var response = await gateways()[0].PostAsync($"jobs/{job.Id}/retry", null);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync());
        lock (shown)
        {
            foreach (var key in shown.Keys.Where(key => key.Job == job.Id).ToList())
            {
                shown.Remove(key);
            }
        }
    }

    /// <summary>Deletes a job that has ended; from then on nobody knows it.</summary>
    public async Task DeleteAsync(CampaignJob job)
    {
        using var response = await gateways()[0].DeleteAsync($"jobs/{job.Id}");
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        keys.Remove(keys.Single(pair => pair.Value == job.Id).Key);
    }

    private void WriteTables()
    {
        using (var file = new StreamWriter(Path.Combine(cluster.Folder, "counts.csv")))
        {
            file.WriteLine("gene,sample,count");
            for (var i = 0; i < Rows; i++)
            {
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"G{i * 7919L % 97},S{i % 13},{i * 31L % 1009}"));
            }
        }

        File.WriteAllLines(
            Path.Combine(cluster.Folder, "genes.csv"),
            ["gene,pathway", .. Enumerable.Range(0, 97).Select(gene => $"G{gene},P{gene % 7}")]);
        bytes = new FileInfo(Path.Combine(cluster.Folder, "counts.csv")).Length;
    }

    private object Body(string shape, string? folder)
    {
        var partitioning = new { targetBytes = (bytes / 12) + 1 };
        var source = new { path = "counts.csv" };
        object Output(string format, params string[] partitionBy) =>
            new { path = folder, format, mode = "OVERWRITE", partitionBy };
        var sums = new
        {
            groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
        };
        return shape switch
        {
            "aggregate" => new { operation = "aggregate", source, parameters = sums, partitioning },
            "aggregate to CSV" =>
                new { operation = "aggregate", source, parameters = sums, partitioning, output = Output("CSV") },
            "join" => new
            {
                operation = "sql", sources = new { c = source, g = new { path = "genes.csv" } }, partitioning,
                parameters = new
                {
                    query = "SELECT pathway, count(*) AS n, sum(count) AS total FROM c JOIN g USING (gene) GROUP BY pathway",
                },
            },
            "sort to Parquet" => new
            {
                operation = "sql", source, partitioning, output = Output("PARQUET"),
                parameters = new { query = "SELECT * FROM source ORDER BY count, gene, sample" },
            },
            _ => new { operation = "convert", source, partitioning, output = Output("CSV", "sample") },
        };
    }

    private static async Task<string?> TrySubmitAsync(
        HttpClient http, string key, object body, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerWithin);
        using var request = new HttpRequestMessage(HttpMethod.Post, "jobs/submit") { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            if (response.StatusCode == HttpStatusCode.Conflict || (int)response.StatusCode >= 500)
            {
                return null;
            }

            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(timeout.Token);
            Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{response.StatusCode} {answer}");
            return answer.GetProperty("id").GetString();
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task<JsonElement?> TryGetAsync(HttpClient http, string path)
    {
        using var timeout = new CancellationTokenSource(AnswerWithin);
        try
        {
            using var response = await http.GetAsync(path, timeout.Token);
            Assert.True(response.IsSuccessStatusCode || (int)response.StatusCode >= 500, $"{path}: {response.StatusCode}");
            return response.IsSuccessStatusCode
                ? await response.Content.ReadFromJsonAsync<JsonElement>(timeout.Token) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    // There is the manifest, what it names, and what is somebody's; and the word that a job left which ended while it published,
    // for a publisher of it that may stand still somewhere.
    private void CheckFolder(CampaignJob job, IReadOnlyList<(string Path, string Hash)> files)
    {
        Assert.All(foreign, path => Assert.Equal(Foreign, File.ReadAllText(path)));
        if (job.Folder is null)
        {
            return;
        }

        var folder = Path.Combine(cluster.Folder, job.Folder);
        var present = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !foreign.Contains(path))
                .Select(path => Path.GetRelativePath(folder, path))
                .Where(name => !name.StartsWith($"._ended-{job.Id}-", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).ToList()
            : [];
        Assert.Equal(
            files.Count == 0
                ? []
                : files.Select(file => file.Path).Append($"_manifest-{job.Id}.json").Order(StringComparer.Ordinal),
            present);
        foreach (var (path, hash) in files)
        {
            using var file = File.OpenRead(Path.Combine(folder, path));
            Assert.True(
                Convert.ToHexStringLower(SHA256.HashData(file)) == hash, $"{job}: {path} has other bytes than it should.");
        }
    }
}

/// <summary>One job of a campaign; without a folder its result is an artifact.</summary>
internal sealed record CampaignJob(string Id, string Shape, string? Folder);
