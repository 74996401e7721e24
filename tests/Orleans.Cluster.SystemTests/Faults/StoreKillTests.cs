using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// <c>kill -9</c> of a worker or of one of two gateways at moments that a seed names, while one job of many small artifacts and
/// one of few large ones run, with data, artifacts and outputs on S3. Every job ends right and unaided, and then there is no
/// object and no upload in parts that nobody owns.
/// </summary>
[Collection("kills")]
public sealed class StoreKillTests : IClassFixture<StoreFaultCluster>
{
    private const int LargeRows = 1_440_000;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly StoreFaultCluster cluster;
    private readonly ITestOutputHelper output;

    public StoreKillTests(StoreFaultCluster cluster, ITestOutputHelper output)
    {
        PostgresFixture.SkipUnlessInstalled();
        Assert.SkipUnless(S3Server.IsExpected, "npm, which installs the S3 server of this test, is not on this machine.");
        (this.cluster, this.output) = (cluster, output);
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_WorkersAndGatewaysAtTwentyMoments_LosesNothingAndLeavesNothing() => RunAsync(firstSeed: 300, count: 20);

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_WhileAnUploadInPartsIsOpen_LosesNothingAndLeavesNothing() => RunAsync(firstSeed: 320, count: 1);

    private async Task RunAsync(int firstSeed, int count)
    {
        var job = new FaultJob(cluster, cluster.Bucket);
        var undisturbed = await job.MeasureAsync();
        var uploads = 0;
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            uploads += await RunOneAsync(job, seed, undisturbed);
        }

        output.WriteLine($"{uploads} uploads in parts were open at the kills.");
        Assert.True(uploads > 0, "No upload in parts was open at any kill.");
        IReadOnlyList<string> left = [];
        await EmbeddedCluster.Until(
            async () => (left = await cluster.LeftoversAsync()).Count == 0, TimeSpan.FromMinutes(7),
            () => string.Join('\n', left));
    }

    // At every fourth kill an upload in parts is open, since the store takes no part until then. How many were open.
    private async Task<int> RunOneAsync(FaultJob job, int seed, TimeSpan undisturbed)
    {
        var random = new Random(seed);
        cluster.Front.Throttles = context => seed % 4 == 0 && context.Request.Query.ContainsKey("partNumber");
        var path = seed % 2 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"out/kill-{seed}");
        var large = await SubmitLargeAsync();
        var id = await job.SubmitAsync(path);
        await Task.Delay(undisturbed * (2 * random.NextDouble()));
        if (seed % 4 == 0)
        {
            await EmbeddedCluster.Until(
                () => Task.FromResult(cluster.OpenUploads > 0), TimeSpan.FromSeconds(120), () => $"No upload.\n{cluster.Log}");
        }

        await job.NoteAsync(id);
        var silos = cluster.Silos;
        var victim = silos[random.Next(silos.Count)];
        var role = cluster.WorkerIds().Contains(victim) ? "worker" : "gateway";
        await StoreFaultCluster.KillSiloAsync(victim);
        var uploads = cluster.OpenUploads;
        cluster.Front.Throttles = _ => false;
        output.WriteLine($"Seed {seed}: a {role}; {uploads} uploads open.");
        await Task.Delay(LongestPause * random.NextDouble());
        await cluster.ReviveAsync();
        await job.CheckAsync(id, path);
        await CheckLargeAsync(large);
        return uploads;
    }

    private async Task<string> SubmitLargeAsync()
    {
        // So many rows of nearly random text that each partition's file is several parts of an upload (S3Bucket sets their size).
        var status = await cluster.SubmitAsync(new
        {
            operation = "sql", source = new { path = $"s3://{S3Server.Bucket}/open/{FaultJob.Table}" },
            parameters = new
            {
                query = "SELECT gene, sample, count, md5(concat(gene, sample, count, n)) || md5(concat(n, sample, gene)) AS noise"
                    + " FROM source, (SELECT unnest(range(6)) AS n) AS r",
            },
            partitioning = new { minPartitions = 2, maxPartitions = 2 },
        });
        return status.GetProperty("id").GetString()!;
    }

    // Its rows are gone when they are counted: of twenty such results they would be many.
    private async Task CheckLargeAsync(string id)
    {
        var end = await cluster.WaitForEndAsync(id, 240);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", $"{end}\n{cluster.Log}");
        Assert.Equal(LargeRows, end.GetProperty("result").GetProperty("rows").GetInt64());
        var page = JsonDocument.Parse(await cluster.Http.GetStringAsync($"jobs/{id}/result?offset={LargeRows - 1}&limit=5"));
        Assert.Equal(1, page.RootElement.GetProperty("rows").GetArrayLength());
        Assert.All(await FaultJob.ListPartitionsAsync(cluster, id), FaultJob.CheckAttempts);
        using var deleted = await cluster.Http.DeleteAsync($"jobs/{id}");
        Assert.True(deleted.IsSuccessStatusCode, $"{deleted}");
    }
}
