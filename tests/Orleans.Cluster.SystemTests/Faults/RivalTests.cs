using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Two silos each believe that they host a job's grain, and two that they host the queue's, while jobs run. Each queue takes the
/// other's workers for lost and their attempts away, which costs as many attempts as it takes; nothing is counted twice or lost.
/// </summary>
[Collection("kills")]
public sealed class RivalTests : IClassFixture<HandRunCluster>
{
    private const int AtOnce = 4;
    private const int EndedBesideRivals = 6;
    private static readonly TimeSpan LongestRivalry = TimeSpan.FromSeconds(30);

    private readonly HandRunCluster cluster;
    private readonly List<(string Id, string? Output)> submitted = [];

    public RivalTests(HandRunCluster cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact, Trait("Category", "Long")]
    public async Task Submit_TwoClustersOverOneDatabase_EveryJobEndsRight()
    {
        var job = new FaultJob(cluster);
        await job.MeasureAsync();
        var ours = (await new QueueClient(cluster).WorkersAsync())
            .Select(worker => worker.GetProperty("id").GetString()!).ToHashSet();

        cluster.StartRivals();
        await EmbeddedCluster.Until(
            async () =>
            {
                await KeepBusy(job);
                return (await job.ListPartitionsAsync(submitted[^1].Id))
                    .Any(partition => partition.Attempts.Any(attempt => !ours.Contains(attempt.Worker)));
            },
            TimeSpan.FromSeconds(120), () => $"The second cluster takes no work.\n{cluster.Log}");
        var (before, clock) = (submitted.Count, Stopwatch.StartNew());
        await EmbeddedCluster.Until(
            async () => await KeepBusy(job) >= before + EndedBesideRivals || clock.Elapsed >= LongestRivalry,
            LongestRivalry * 2, () => cluster.Log.ToString());
        await cluster.KillRivalsAsync();

        foreach (var (id, output) in submitted)
        {
            await job.CheckAsync(id, output);
        }

        await Leftovers.CheckNoneAsync(cluster);
    }

    // Submits until enough jobs have not ended; how many have.
    private async Task<int> KeepBusy(FaultJob job)
    {
        var ended = 0;
        foreach (var (id, _) in submitted)
        {
            ended += (await cluster.PhaseAsync(id)).IsTerminal() ? 1 : 0;
        }

        while (submitted.Count - ended < AtOnce)
        {
            var output = submitted.Count % 2 == 0
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"out/rival-{submitted.Count}");
            submitted.Add((await job.SubmitAsync(output), output));
        }

        return ended;
    }
}
