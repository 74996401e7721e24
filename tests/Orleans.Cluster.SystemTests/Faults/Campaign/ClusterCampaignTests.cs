using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Running clusters to which things happen, several at a time, again and again, while jobs run: processes die, stand still and
/// crawl, the network is cut between any two hosts, clocks are set, the database is away or slow, one worker's artifact store is
/// missing, read-only, full or slow, artifacts are lost and changed, strangers write into output folders, jobs are cancelled and
/// submitted in the middle of it. Then nothing happens any more, and every job must come to its right end. For
/// <c>ORLEANS_CLUSTER_CAMPAIGN_MINUTES</c>, from <c>ORLEANS_CLUSTER_CAMPAIGN_SEED</c> or another seed each time.
/// </summary>
[Collection("kills")]
[Trait("Category", "Long")]
public sealed class ClusterCampaignTests(ITestOutputHelper output)
{
    private const int RoundsBeforeSweep = 10;
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan GoneWithin = TimeSpan.FromMinutes(7);

    [Fact]
    public async Task Rounds_OnFiveHosts_KeepTheGuarantees()
    {
        Assert.SkipUnless(
            NetworkCluster.IsPossible, "This needs root, the right to make network namespaces, and PostgreSQL.");
        await using var cluster = new NetworkCluster();
        await cluster.InitializeAsync();
        await RunAsync(
            cluster, () => cluster.Gateways,
            [
                .. ProcessFaults.Of("a gateway", () => [.. new[]
                {
                    cluster.ProcessOf(NetworkCluster.FirstGateway), cluster.ProcessOf(NetworkCluster.SecondGateway),
                }.OfType<int>()]),
                .. ProcessFaults.Of("a worker", cluster.WorkerIds),
                .. ProcessFaults.Of("an executor", cluster.ExecutorIds),
                .. SlowDisk.Of(cluster.WorkerIds), ProcessFaults.ArtifactHarmed(cluster.Artifacts), .. HostFaults.Of(cluster),
            ]);
    }

    [Fact]
    public async Task Rounds_OnOneMachine_KeepTheGuarantees()
    {
        await using var cluster = new EmbeddedFaultCluster();
        await cluster.InitializeAsync();
        await RunAsync(
            cluster, () => [cluster.Http],
            [
                .. ProcessFaults.Of("the gateway", () => EmbeddedCluster.Runs(cluster.GatewayId) ? [cluster.GatewayId] : []),
                .. ProcessFaults.Of("a worker", cluster.WorkerIds),
                .. ProcessFaults.Of("an executor", cluster.ExecutorIds), .. SlowDisk.Of(cluster.WorkerIds),
                ProcessFaults.ArtifactHarmed(Path.Combine(cluster.StateFolder, "artifacts")),
            ]);
    }

    private async Task RunAsync(
        EmbeddedCluster cluster, Func<IReadOnlyList<System.Net.Http.HttpClient>> gateways, IReadOnlyList<Fault> faults)
    {
        var seed = Number("ORLEANS_CLUSTER_CAMPAIGN_SEED") ?? Random.Shared.Next();
        var time = TimeSpan.FromMinutes(Number("ORLEANS_CLUSTER_CAMPAIGN_MINUTES") ?? 5);
        var jobs = new CampaignJobs(cluster, gateways);
        var undisturbed = await jobs.MeasureAsync();
        output.WriteLine($"Seed {seed}; a job takes {undisturbed.TotalSeconds:0.0} s undisturbed.");
        var begun = Stopwatch.GetTimestamp();
        var rounds = 0;
        for (; Stopwatch.GetElapsedTime(begun) < time; rounds++)
        {
            var round = new ClusterRound(cluster, gateways, jobs, faults, new Random(seed + rounds), undisturbed);
            try
            {
                await round.RunAsync($"r{rounds}", EndsWithin);
                if (rounds % RoundsBeforeSweep == RoundsBeforeSweep - 1)
                {
                    await Leftovers.CheckNoneAsync(cluster, GoneWithin);
                    await jobs.CheckListAsync();
                }

                output.WriteLine($"{rounds}: {string.Join("; ", round.Log)}");
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"Round {rounds} of seed {seed}:\n{string.Join('\n', round.Log)}\n{exception.Message}\n{Tail(cluster)}",
                    exception);
            }
        }

        output.WriteLine($"{rounds} rounds.");
    }

    private static string Tail(EmbeddedCluster cluster) => string.Join('\n', cluster.Log.ToString().Split('\n').TakeLast(150));

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
