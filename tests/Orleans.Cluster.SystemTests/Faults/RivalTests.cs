using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Two silos each believe that they host a job's grain, and two that they host the queue's: not for a moment, but for as long as the jobs
/// run. One gives way at each step, and nothing is counted twice or lost.
/// </summary>
[Collection("kills")]
public sealed class RivalTests : IClassFixture<HandRunCluster>
{
    private readonly HandRunCluster cluster;

    public RivalTests(HandRunCluster cluster)
    {
        Postgres.PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact, Trait("Category", "Long")]
    public async Task Submit_TwoClustersOverOneDatabase_EveryJobEndsRight()
    {
        var job = new FaultJob(cluster);
        await job.MeasureAsync();
        var ours = (await new QueueClient(cluster).WorkersAsync()).Select(worker => worker.GetProperty("id").GetString()!).ToHashSet();
        cluster.StartRivals();
        var seen = new HashSet<string>();
        await EmbeddedCluster.Until(
            async () =>
            {
                var early = await job.SubmitAsync(outputPath: null);
                seen.UnionWith((await job.CheckAsync(early, outputPath: null)).SelectMany(partition => partition.Attempts).Select(attempt => attempt.Worker));
                return !seen.IsSubsetOf(ours);
            },
            TimeSpan.FromSeconds(120), () => $"The second cluster takes no work.\n{cluster.Log}");

        string?[] outputs = [.. Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"out/rival-{i}"))];
        var ids = await Task.WhenAll(outputs.Select(job.SubmitAsync));

        foreach (var (id, output) in ids.Zip(outputs))
        {
            await job.CheckAsync(id, output);
        }

        await cluster.KillRivalsAsync();
        await Leftovers.CheckNoneAsync(cluster);
    }
}
