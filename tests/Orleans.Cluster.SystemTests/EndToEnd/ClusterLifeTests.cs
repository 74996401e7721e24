using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Start, stop, scale, drain and restart of workers, by REST on real processes.</summary>
[Collection("cluster-life")]
public sealed class ClusterLifeTests
{
    [Fact]
    [Trait("Category", "Long")]
    public async Task StartScaleStop_UnderARunningJob_TheJobEndsRightAndNoAttemptIsLost()
    {
        await using var cluster = new EmbeddedCluster { Workers = 0 };
        await cluster.InitializeAsync();
        var expected = WriteTable(cluster, "life.csv", rows: 400_000);
        Assert.Equal("STOPPED", State(await Status(cluster)));

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "start", new { workers = 4 }));
        await WaitFor(cluster, "RUNNING", active: 4);
        Assert.Equal(HttpStatusCode.OK, await Post(cluster, "start", new { workers = 4 }));
        var id = (await cluster.SubmitAsync(GroupBy("life.csv"))).GetProperty("id").GetString()!;
        await cluster.WaitAsync(id, (_, status) => Running(status) > 0);

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "scale", new { workers = 8 }));
        await WaitFor(cluster, "RUNNING", active: 8);
        await cluster.WaitAsync(id, (_, status) => Running(status) > 4);

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "scale", new { workers = 2 }));
        await WaitFor(cluster, "RUNNING", active: 2);

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "stop", new { mode = "DRAIN" }));
        await WaitFor(cluster, "STOPPED", active: 0);
        Assert.Empty(cluster.WorkerIds());
        var stopped = await cluster.WaitAsync(id, (_, status) => Reason(status) == "CLUSTER_STOPPED");
        Assert.Equal("RUNNING", stopped.GetProperty("status").GetString());

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "start", new { }));
        var end = await cluster.WaitForEndAsync(id, seconds: 300);

        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        Assert.Equal(expected, await Sums(cluster, id));
        var attempts = await Attempts(cluster, id);
        Assert.All(attempts, states => Assert.Equal(["COMMITTED"], states));
        var status = await Status(cluster);
        Assert.Equal("Started on request.", status.GetProperty("lastScalingDecision").GetProperty("reason").GetString());
        var dead = status.GetProperty("workers")
            .EnumerateArray().Where(worker => worker.GetProperty("state").GetString() == "DEAD").ToList();
        Assert.Equal(8, dead.Count);
        Assert.All(dead,
            worker =>
            Assert.StartsWith("Stopped on request", worker.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task StopNow_UnderARunningJob_EndsWorkersAtOnceAndTheJobGoesOnLater()
    {
        await using var cluster = new EmbeddedCluster();
        await cluster.InitializeAsync();
        var expected = WriteTable(cluster, "now.csv", rows: 60_000);
        var id = (await cluster.SubmitAsync(GroupBy("now.csv"))).GetProperty("id").GetString()!;
        await cluster.WaitAsync(id, (_, status) => Running(status) > 0);

        Assert.Equal(HttpStatusCode.Accepted, await Post(cluster, "stop", new { mode = "NOW" }));
        await WaitFor(cluster, "STOPPED", active: 0);
        Assert.Empty(cluster.WorkerIds());
        await Post(cluster, "start", new { });

        Assert.Equal("SUCCEEDED", (await cluster.WaitForEndAsync(id, seconds: 300)).GetProperty("status").GetString());
        Assert.Equal(expected, await Sums(cluster, id));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task KillTwoWorkers_AreReplacedAndListedAsDead()
    {
        await using var cluster = new EmbeddedCluster { Workers = 4 };
        await cluster.InitializeAsync();
        var victims = cluster.WorkerIds().Take(2).ToList();
        var clock = Stopwatch.StartNew();
        foreach (var victim in victims)
        {
            using var process = Process.GetProcessById(victim);
            process.Kill();
        }

        await EmbeddedCluster.Until(
            async () => await Status(cluster) is var status && Active(status).Count == 4
            && !Active(status).Intersect(victims).Any(),
            TimeSpan.FromSeconds(15), () => cluster.Log.ToString());

        TestContext.Current.SendDiagnosticMessage($"Replaced after {clock.Elapsed.TotalSeconds:F1} s.");
        await AssertListedAsDead(cluster, victims);

        // The list is not the gateway's own: it outlives the gateway.
        await cluster.KillAsync();
        await cluster.ReviveAsync();
        await AssertListedAsDead(cluster, victims);
    }

    [Fact]
    public async Task WorkerWithoutRoomOnItsDisk_IsUnwellAndGetsNothing()
    {
        await using var cluster = new EmbeddedCluster { Workers = 0, Arguments = [$"--Worker:LeastScratchBytes={1L << 50}"] };
        await cluster.InitializeAsync();
        WriteTable(cluster, "full.csv", rows: 10);
        await Post(cluster, "start", new { workers = 1 });

        JsonElement status = default;
        await EmbeddedCluster.Until(
            async () => (status = await Status(cluster))
            .GetProperty("workers").EnumerateArray().Any(worker => worker.GetProperty("state").GetString() == "UNWELL"),
            TimeSpan.FromSeconds(60), () => $"{status}\n{cluster.Log}");
        var id = (await cluster.SubmitAsync(GroupBy("full.csv"))).GetProperty("id").GetString()!;
        var job = await cluster.WaitAsync(id, (_, job) => Reason(job) == "NO_WORKERS");

        Assert.Equal("DEGRADED", State(status));
        Assert.Contains("bytes are free in", status.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith(
            "No worker can take tasks:", job.GetProperty("reason").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkerProgramThatEndsAtOnce_IsTriedWithGrowingPausesAndTheStatusSaysWhy()
    {
        await using var cluster = new EmbeddedCluster { Workers = 0, Arguments = ["--Scaling:WorkerProgram=/bin/false"] };
        await cluster.InitializeAsync();
        await Post(cluster, "start", new { workers = 2 });

        await EmbeddedCluster.Until(
            async () => ShortLives(await Status(cluster)) >= 8, TimeSpan.FromSeconds(40), () => cluster.Log.ToString());

        var status = await Status(cluster);
        Assert.Equal("DEGRADED", State(status));
        Assert.Contains("ended with code 1", status.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await cluster.Http.GetAsync("health")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await cluster.Http.GetAsync("health/ready")).StatusCode);
    }

    [Fact]
    public async Task Scale_OutsideTheBounds_IsRefused()
    {
        await using var cluster = new EmbeddedCluster { Workers = 0, Arguments = ["--Scaling:Target=Fixed"] };
        await cluster.InitializeAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await Post(cluster, "scale", new { workers = 33 }));
        Assert.Equal(HttpStatusCode.Conflict, await Post(cluster, "scale", new { workers = 3 }));
        Assert.Equal(HttpStatusCode.Conflict, await Post(cluster, "start", new { workers = 3 }));
    }

    private static async Task AssertListedAsDead(EmbeddedCluster cluster, List<int> victims)
    {
        var dead = (await Status(cluster)).GetProperty("workers").EnumerateArray()
            .Where(worker => victims.Contains(worker.GetProperty("processId").GetInt32())).ToList();
        Assert.All(dead,
            worker => Assert.Contains("ended with code 137", worker.GetProperty("reason").GetString(), StringComparison.Ordinal));
        Assert.Equal(2, dead.Count);
    }

    private static int ShortLives(JsonElement status) =>
        status.GetProperty("detail").GetString() is { } detail
        && detail.IndexOf('(', StringComparison.Ordinal) is >= 0 and var open
            ? int.Parse(detail[(open + 1)..detail.IndexOf(" in a row", StringComparison.Ordinal)], CultureInfo.InvariantCulture)
            : 0;

    private static List<int> Active(JsonElement status) =>
    [
        .. status.GetProperty("workers").EnumerateArray()
            .Where(worker => worker.GetProperty("state").GetString() == "ACTIVE")
            .Select(worker => worker.GetProperty("processId").GetInt32()),
    ];

    private static string State(JsonElement status) => status.GetProperty("state").GetString()!;

    private static string? Reason(JsonElement job) =>
        job.GetProperty("reason") is { ValueKind: JsonValueKind.Object } reason ? reason.GetProperty("code").GetString() : null;

    private static int Running(JsonElement job) =>
        job.GetProperty("progress").GetProperty("partitions").GetProperty("running").GetInt32();

    private static Task<JsonElement> Status(EmbeddedCluster cluster) =>
        cluster.Http.GetFromJsonAsync<JsonElement>("cluster/status");

    private static async Task<HttpStatusCode> Post(EmbeddedCluster cluster, string verb, object body)
    {
        using var response = await cluster.Http.PostAsJsonAsync($"cluster/{verb}", body);
        Assert.True(
            response.StatusCode != HttpStatusCode.Accepted
            || response.Headers.Location?.ToString() == "/api/processing/cluster/status",
            "A change points to the status.");
        return response.StatusCode;
    }

    // Every status on the way is checked: active workers are processes that live, and nothing else is said to be active.
    private static async Task WaitFor(EmbeddedCluster cluster, string state, int active)
    {
        JsonElement status = default;
        await EmbeddedCluster.Until(
            async () =>
            {
                status = await Status(cluster);
                Assert.Equal(Active(status).Count, status.GetProperty("activeWorkers").GetInt32());
                return State(status) == state && Active(status).Count == active;
            },
            TimeSpan.FromSeconds(120),
            () => $"{status}\n{cluster.Log}");
    }

    // About half a second for each partition of 64 KiB, so that there is time to change the cluster under the job.
    private static object GroupBy(string path) => new
    {
        operation = "aggregate",
        source = new { path },
        parameters = new
        {
            groupBy = new[] { "k" },
            aggregates = new[] { new { function = "sum", column = "v", @as = "total" } },
            where = "length(md5(repeat(k, 8000))) = 32",
        },
        partitioning = new { targetBytes = 65_536 },
    };

    private static Dictionary<string, long> WriteTable(EmbeddedCluster cluster, string name, int rows)
    {
        var random = new Random(7);
        var sums = new Dictionary<string, long>();
        using var writer = new StreamWriter(Path.Combine(cluster.Folder, name));
        writer.WriteLine("k,v");
        for (var row = 0; row < rows; row++)
        {
            var (key, value) = ($"key{random.Next(50)}", random.Next(1000));
            sums[key] = sums.GetValueOrDefault(key) + value;
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{key},{value}"));
        }

        return sums;
    }

    private static async Task<Dictionary<string, long>> Sums(EmbeddedCluster cluster, string id)
    {
        var result = await cluster.ResultAsync(id);
        return result.GetProperty("rows").EnumerateArray().ToDictionary(
            row => row[0].GetString()!, row => long.Parse(row[1].ToString(), CultureInfo.InvariantCulture));
    }

    private static async Task<List<List<string>>> Attempts(EmbeddedCluster cluster, string id)
    {
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500");
        return
        [
            .. page.GetProperty("items").EnumerateArray().Select(partition =>
                partition.GetProperty("attempts")
                .EnumerateArray().Select(attempt => attempt.GetProperty("state").GetString()!).ToList()),
        ];
    }
}

/// <summary>These start many processes: one of them at a time.</summary>
[CollectionDefinition("cluster-life")]
public sealed class ClusterLifeCollection;
