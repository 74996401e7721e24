using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>What one caller may fill: the queue with its partitions, and the artifact store with its bytes.</summary>
public sealed class QuotaTests(QuotaTests.SmallShares fixture) : IClassFixture<QuotaTests.SmallShares>, IAsyncLifetime
{
    private const int MostPartitions = 60;
    private const long MostOfAJob = 64L << 20;
    private const long MostOfACaller = 80L << 20;

    private readonly EmbeddedCluster cluster = fixture.Cluster;
    private HttpClient ann = new();
    private HttpClient eve = new();

    // Callers of its own, so that nothing counts that another test's have left.
    public async ValueTask InitializeAsync() => (ann, eve) = (await ClientAsync("ann"), await ClientAsync("eve"));

    public ValueTask DisposeAsync()
    {
        ann.Dispose();
        eve.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact, Provokes("quota-exceeded")]
    public async Task Submit_MorePartitionsThanACallerMayHaveWaiting_IsRefusedUntilSomeAreGone()
    {
        using var stop = await cluster.Http.PostAsJsonAsync("cluster/stop", new { mode = "NOW" });
        var ids = new List<string>();
        var refused = await TrySubmitAsync(eve);
        for (var n = 0; n < MostPartitions && refused.Status == 202; n++)
        {
            ids.Add(refused.Body.GetProperty("id").GetString()!);
            refused = await TrySubmitAsync(eve);
        }

        var anns = await TrySubmitAsync(ann);
        var administrators = await TrySubmitAsync(cluster.Http);
        foreach (var id in ids)
        {
            using var cancelled = await eve.PostAsync($"jobs/{id}/cancel", null);
        }

        var again = refused;
        await EmbeddedCluster.Until(
            async () => (again = await TrySubmitAsync(eve)).Status == 202, TimeSpan.FromMinutes(1), () => $"{again}");

        using var start = await cluster.Http.PostAsJsonAsync("cluster/start", new { workers = 1 });
        start.EnsureSuccessStatusCode();

        Assert.InRange(ids.Count, 1, MostPartitions);
        Assert.Equal((429, "quota-exceeded"), (refused.Status, refused.Body.GetProperty("code").GetString()));
        Assert.Contains("Queue:MaxWaitingPartitionsPerCaller", refused.Body.GetProperty("detail").GetString());
        Assert.Equal((202, 202), (anns.Status, administrators.Status));
    }

    // One attempt that multiplies its rows: what it has written counts before it commits.
    [Fact]
    public async Task Job_OneAttemptWritesMoreThanAJobMay_EndsWhileItWrites()
    {
        var id = await AttackedCluster.SubmitAsync(eve, Multiplied(rows: 200_000_000));

        var end = await cluster.WaitForEndAsync(id, seconds: 240);

        Assert.Equal(("FAILED", "out-of-disk"), (end.GetProperty("status").GetString(), CodeOf(end)));
        var partitions = await eve.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions");
        Assert.All(partitions.GetProperty("items").EnumerateArray(),
            partition => Assert.Equal("CANCELLED", partition.GetProperty("state").GetString()));
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task Jobs_OfOneCallerFillItsShare_EndOrAreRefusedUntilItDeletesSome()
    {
        var kept = new List<string>();
        var end = await RunAsync(eve, Multiplied(rows: 1_000_000));
        while (end.GetProperty("status").GetString() == "SUCCEEDED" && kept.Count < 20)
        {
            kept.Add(end.GetProperty("id").GetString()!);
            var answer = await TrySubmitAsync(eve, Multiplied(rows: 1_000_000));
            end = answer.Status == 202 ? await cluster.WaitForEndAsync(answer.Body.GetProperty("id").GetString()!) : answer.Body;
        }

        var anns = await RunAsync(ann, Multiplied(rows: 1_000_000));
        foreach (var id in kept)
        {
            using var deleted = await eve.DeleteAsync($"jobs/{id}");
        }

        var again = await TrySubmitAsync(eve);
        await EmbeddedCluster.Until(
            async () => (again = await TrySubmitAsync(eve)).Status == 202, TimeSpan.FromMinutes(1), () => $"{again}");

        Assert.InRange(kept.Count, 1, 19);
        Assert.Equal("quota-exceeded", CodeOf(end));
        Assert.Equal("SUCCEEDED", anns.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Cancel_OfAJobThatHasCommitted_DropsItsArtifactsAtOnceAndARetryBeginsAnew()
    {
        var id = await AttackedCluster.SubmitAsync(eve, Sums(targetBytes: 4096));
        await cluster.WaitAsync(id, (phase, status) => phase is "SUCCEEDED" or "FAILED"
            || status.GetProperty("progress").GetProperty("partitions").GetProperty("completed").GetInt32() > 0);

        using var cancel = await eve.PostAsync($"jobs/{id}/cancel", null);
        var cancelled = await cluster.WaitForEndAsync(id);
        await NothingIsLeftAsync(id);
        using var retry = await eve.PostAsync($"jobs/{id}/retry", null);
        var end = await cluster.WaitForEndAsync(id);

        Assert.Equal("CANCELLED", cancelled.GetProperty("status").GetString());
        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
        var rows = await eve.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");
        Assert.Equal(49_995_000, rows.GetProperty("rows").EnumerateArray().Sum(row => row[1].GetInt64()));
    }

    private Task NothingIsLeftAsync(string id)
    {
        var folder = Path.Combine(cluster.StateFolder, "artifacts", id);
        IReadOnlyList<string> files = [];
        return EmbeddedCluster.Until(
            () =>
            {
                files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
                return Task.FromResult(files.Count == 0);
            },
            TimeSpan.FromMinutes(1), () => string.Join('\n', files));
    }

    private static string? CodeOf(JsonElement ended) =>
        (ended.TryGetProperty("error", out var error) ? error : ended).GetProperty("code").GetString();

    // Rows that no compression makes small, out of a file of ten thousand.
    private static object Multiplied(int rows) => new
    {
        operation = "sql",
        source = new { path = "data/genes.csv" },
        parameters = new
        {
            query = $"SELECT md5(a.n || ' ' || b.n) AS x FROM source a, source b WHERE b.n < {rows / 10_000}",
        },
    };

    private static object Sums(int targetBytes) => new
    {
        operation = "aggregate",
        source = new { path = "data/genes.csv" },
        partitioning = new { targetBytes },
        parameters = new
        {
            groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "n", @as = "total" } },
        },
    };

    private async Task<JsonElement> RunAsync(HttpClient client, object job) =>
        await cluster.WaitForEndAsync(await AttackedCluster.SubmitAsync(client, job));

    private static async Task<(int Status, JsonElement Body)> TrySubmitAsync(HttpClient client, object? job = null)
    {
        using var response = await client.PostAsJsonAsync("jobs/submit", job ?? Sums(targetBytes: 10_000));
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private async Task<HttpClient> ClientAsync(string name)
    {
        using var response = await cluster.Http.PostAsJsonAsync(
            "keys", new { name = $"{name}-{Guid.NewGuid():N}", role = "SUBMITTER" });
        var made = await response.Content.ReadFromJsonAsync<JsonElement>();
        var client = new HttpClient { BaseAddress = cluster.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", made.GetProperty("secret").GetString());
        return client;
    }

    /// <summary>A cluster of which no caller may have much.</summary>
    public sealed class SmallShares : IAsyncLifetime
    {
        // What is dropped at once must not wait for a sweep to go.
        internal EmbeddedCluster Cluster { get; } = new()
        {
            Workers = 1,
            AsksForKeys = true,
            Arguments =
            [
                $"--Queue:MaxWaitingPartitionsPerCaller={MostPartitions}", $"--Jobs:MaxArtifactBytes={MostOfAJob}",
                $"--Jobs:MaxArtifactBytesPerCaller={MostOfACaller}", "--Retention:SweepInterval=01:00:00",
                "--Jobs:PlanBeforeAccept=00:00:30",
            ],
        };

        public async ValueTask InitializeAsync()
        {
            Directory.CreateDirectory(Path.Combine(Cluster.Folder, "data"));
            await File.WriteAllLinesAsync(
                Path.Combine(Cluster.Folder, "data/genes.csv"),
                Enumerable.Range(0, 10_000).Select(n => $"g{n % 10},{n}").Prepend("gene,n"));
            await Cluster.StartAsync();
        }

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}
