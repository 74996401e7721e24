using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Artifacts and outputs in an object store that is killed, throttles, or is left in the middle by a worker: it costs time alone,
/// and nothing is left that nobody owns.
/// </summary>
public sealed class S3FaultTests : IClassFixture<S3FaultTests.Store>
{
    private const int Rows = 60_000;
    private const int Partitions = 24;

    private readonly Store store;
    private readonly S3StoreCluster cluster;

    public S3FaultTests(Store store)
    {
        Assert.SkipUnless(S3Server.IsExpected, "npm, which installs the S3 server of this test, is not on this machine.");
        (this.store, cluster) = (store, store.Cluster);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Run_ServerIsKilledFor20SecondsAndStartedAgain_CostsTimeAlone()
    {
        var id = await SubmitAsync("s3://atlas/open/killed");
        await WaitForCommitAsync(id, atLeast: 3);
        await cluster.Server.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await cluster.Server.StartAsync();

        await CheckAsync(id, "open/killed");
        await CheckAttemptsAsync(id);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Run_ServerThrottlesForSomeTime_IsWaitedFor()
    {
        var id = await SubmitAsync("s3://atlas/open/throttled");
        await WaitForCommitAsync(id, atLeast: 2);
        var front = cluster.Server.Front;
        front.Throttles = _ => true;
        await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        front.Throttles = context => HttpMethods.IsPut(context.Request.Method);
        await EmbeddedCluster.Until(
            () => Task.FromResult(front.ThrottledWrites >= 5), TimeSpan.FromSeconds(60),
            () => $"{front.ThrottledWrites} writes were throttled.");
        front.Throttles = _ => false;

        await CheckAsync(id, "open/throttled");
        await CheckAttemptsAsync(id);
    }

    [Fact]
    public async Task Health_WhileTheServerIsAway_NamesTheArtifactStore()
    {
        await WaitForHealthAsync(HttpStatusCode.OK, "UP");
        await cluster.Server.KillAsync();
        var away = await WaitForHealthAsync(HttpStatusCode.ServiceUnavailable, "DOWN");
        await cluster.Server.StartAsync();
        await WaitForHealthAsync(HttpStatusCode.OK, "UP");

        Assert.Equal("UNHEALTHY", away.GetProperty("status").GetString());
        Assert.Contains(
            $"s3://{S3Server.Bucket}/{S3Bucket.Artifacts}", away.GetProperty("artifactStore").GetProperty("detail").GetString(),
            StringComparison.Ordinal);
        Assert.Equal("UP", away.GetProperty("storage").GetProperty("state").GetString());
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Run_WorkersAreKilledWhileTheyUpload_LeavesNothingThatNobodyOwns()
    {
        var id = await SubmitLargeAsync();
        await EmbeddedCluster.Until(
            () => Task.FromResult(cluster.Server.Uploads.Count > 0), TimeSpan.FromSeconds(120),
            () => $"No upload in parts was begun.\n{cluster.Log}");
        foreach (var worker in cluster.WorkerIds())
        {
            Process.GetProcessById(worker).Kill();
        }

        var left = cluster.Server.Uploads;
        var end = await cluster.WaitForEndAsync(id, 300);

        Assert.NotEmpty(left);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        await CheckNothingIsLeftAsync();
    }

    [Fact]
    public async Task Cancel_WhileAWorkerUploads_LeavesNothing()
    {
        var id = await SubmitLargeAsync();
        await EmbeddedCluster.Until(
            () => Task.FromResult(cluster.Server.Uploads.Count > 0), TimeSpan.FromSeconds(120),
            () => $"No upload in parts was begun.\n{cluster.Log}");

        using var cancel = await cluster.Http.PostAsync($"jobs/{id}/cancel", null, TestContext.Current.CancellationToken);
        var end = await cluster.WaitForEndAsync(id);

        Assert.Equal("CANCELLED", end.GetProperty("status").GetString());
        await CheckNothingIsLeftAsync();
    }

    private async Task<JsonElement> WaitForHealthAsync(HttpStatusCode code, string state)
    {
        JsonElement health = default;
        await EmbeddedCluster.Until(
            async () =>
            {
                using var response = await cluster.Http.GetAsync("health", TestContext.Current.CancellationToken);
                health = await response.Content.ReadFromJsonAsync<JsonElement>();
                return response.StatusCode == code
                    && health.GetProperty("artifactStore").GetProperty("state").GetString() == state;
            },
            TimeSpan.FromSeconds(60), () => $"{health}\n{cluster.Log}");
        return health;
    }

    private async Task CheckNothingIsLeftAsync()
    {
        IReadOnlyList<string> left = [];
        await EmbeddedCluster.Until(
            async () => (left = await cluster.LeftoversAsync()).Count == 0, TimeSpan.FromSeconds(90),
            () => $"{string.Join('\n', left)}\n{cluster.Log}");
    }

    private async Task<string> SubmitAsync(string output)
    {
        var status = await cluster.SubmitAsync(new
        {
            operation = "aggregate", source = new { path = "s3://atlas/open/faults.csv" },
            parameters = new
            {
                groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
            },
            partitioning = new { minPartitions = Partitions },
            output = new { path = output, format = "CSV", mode = "ERROR_IF_EXISTS" },
        });
        return status.GetProperty("id").GetString()!;
    }

    // Random text of some 40 MB, which no codec makes smaller than two parts a partition.
    private async Task<string> SubmitLargeAsync()
    {
        var status = await cluster.SubmitAsync(new
        {
            operation = "sql", source = new { path = "s3://atlas/open/faults.csv" },
            parameters = new
            {
                query = "SELECT gene, sample, count, md5(concat(gene, sample, count, n)) || md5(concat(n, sample, gene)) AS noise"
                    + " FROM source, (SELECT unnest(range(16)) AS n) AS r",
            },
            partitioning = new { minPartitions = 2, maxPartitions = 2 },
        });
        return status.GetProperty("id").GetString()!;
    }

    private async Task WaitForCommitAsync(string id, int atLeast) => await cluster.WaitAsync(
        id, (_, status) => status.GetProperty("progress").GetProperty("partitions") is { ValueKind: JsonValueKind.Object } all
            && all.GetProperty("completed").GetInt32() >= atLeast);

    private async Task CheckAsync(string id, string output)
    {
        var end = await cluster.WaitForEndAsync(id, 240);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", $"{end}\n{cluster.Log}");
        var keys = await cluster.Bucket.KeysAsync(output + "/");
        var files = end.GetProperty("result").GetProperty("files").EnumerateArray()
            .Select(file => $"{output}/{file.GetProperty("path").GetString()}").ToList();
        Assert.Equal(files.Append($"{output}/_manifest-{id}.json").Order(StringComparer.Ordinal), keys);
        var rows = new Dictionary<string, long>();
        foreach (var file in files)
        {
            foreach (var line in Encoding.UTF8.GetString(await cluster.Bucket.ReadAsync(file)).Trim().Split('\n').Skip(1))
            {
                rows.Add(line.Split(',')[0], long.Parse(line.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        Assert.Equal(store.Sums, rows);
    }

    // Nobody's attempt has failed for the store.
    private async Task CheckAttemptsAsync(string id)
    {
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500");
        foreach (var partition in page.GetProperty("items").EnumerateArray())
        {
            Assert.All(partition.GetProperty("attempts").EnumerateArray(), attempt =>
                Assert.True(attempt.GetProperty("state").GetString() is "COMMITTED", partition.ToString()));
        }
    }

    /// <summary>A cluster whose store is an S3 server, with a file to sum up there.</summary>
    public sealed class Store : IAsyncLifetime
    {
        internal S3StoreCluster Cluster { get; } = new();

        internal Dictionary<string, long> Sums { get; } = [];

        public async ValueTask InitializeAsync()
        {
            if (!S3Server.IsExpected)
            {
                return;
            }

            await Cluster.InitializeAsync();
            var text = new StringBuilder("gene,sample,count\n");
            for (var row = 0; row < Rows; row++)
            {
                var (gene, count) = ($"G{row * 7919L % 97}", row * 31L % 1009);
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{gene},S{row % 13},{count}\n");
                Sums[gene] = Sums.GetValueOrDefault(gene) + count;
            }

            await Cluster.Bucket.PutTextAsync("open/faults.csv", text.ToString());
        }

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}
