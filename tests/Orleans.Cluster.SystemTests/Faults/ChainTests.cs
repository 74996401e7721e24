using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

[Collection("kills")]
public sealed class EmbeddedChainTests(EmbeddedFaultCluster cluster)
    : ChainTests<EmbeddedFaultCluster>(cluster), IClassFixture<EmbeddedFaultCluster>;

[Collection("kills")]
public sealed class PostgresChainTests : ChainTests<HandRunCluster>, IClassFixture<HandRunCluster>
{
    public PostgresChainTests(HandRunCluster cluster) : base(cluster) => PostgresFixture.SkipUnlessInstalled();
}

/// <summary>
/// Three jobs, each of which reads the result of the one before, with everything killed between and within them.
/// </summary>
public abstract class ChainTests<TCluster>(TCluster cluster)
    where TCluster : EmbeddedCluster
{
    private const int Rows = 60_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Category", "Long")]
    public async Task Chain_KilledAtAnyMoment_EqualsTheOneQueryOverFiles(int seed)
    {
        var random = new Random(seed);
        File.WriteAllText(
            Path.Combine(cluster.Folder, "chain.csv"),
            "gene,n\n" + string.Concat(Enumerable.Range(0, Rows).Select(i => $"G{i % 97},{i}\n")));
        string[] ids = new string[3];
        ids[0] = await Submit(new
        {
            operation = "filter", source = new { path = "chain.csv" }, parameters = new { where = "n % 3 = 0" },
            partitioning = new { targetBytes = 30_000 },
        });
        ids[1] = await Submit(new
        {
            operation = "sql", sources = new { r = new { job = ids[0] } },
            parameters = new { query = "SELECT gene, sum(n) AS s, count(*) AS c FROM r GROUP BY gene" },
        });
        ids[2] = await Submit(new
        {
            operation = "sql", sources = new { r = new { job = ids[1] } },
            parameters = new { query = "SELECT sum(s) AS s, sum(c) AS c, count(*) AS genes FROM r" },
        });

        for (var kill = 0; kill < 3; kill++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble()));
            await (random.Next(3) switch
            {
                0 => cluster.KillWorkerAsync(random.Next()),
                1 => cluster.KillAsync(),
                _ => cluster.KillEverythingAsync(),
            });
            await cluster.ReviveAsync();
            if (kill == 1)
            {
                // Whoever reads its result holds it; when nobody can any more, it is not yet ended and the answer is 409.
                using var deleted = await cluster.Http.DeleteAsync($"jobs/{ids[0]}");
            }
        }

        var end = await cluster.WaitForEndAsync(ids[2]);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        var kept = Enumerable.Range(0, Rows).Where(i => i % 3 == 0).ToList();
        Assert.Equal(
            $"[{kept.Sum(i => (long)i)},{kept.Count},97]",
            (await cluster.ResultAsync(ids[2])).GetProperty("rows")[0].GetRawText());
    }

    private async Task<string> Submit(object job) => (await cluster.SubmitAsync(job)).GetProperty("id").GetString()!;
}
