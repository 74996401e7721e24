using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.InsideClient;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Faults;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.JobClients;

/// <summary>A client inside outlives the silos that it is connected to.</summary>
[Trait("Category", "Long")]
public sealed class InsideOutageTests
{
    [Fact]
    public async Task Watch_GatewayKilledAndStartedAgain_GoesOnToTheEnd()
    {
        PostgresFixture.SkipUnlessInstalled();
        await using var cluster = new HandRunCluster { Workers = 2 };
        await cluster.StartAsync();
        var queue = new QueueClient(cluster);
        var slow = queue.WriteNumbers("slow.csv", 1500);
        await using var inside = await InsideConnection.OpenAsync(
            options => options.Postgres = cluster.Server.ConnectionStringOf(PostgresCluster.DatabaseName));
        var id = JobId.Parse(await queue.SubmitAsync(QueueClient.Slow(slow, partitions: 4)));
        await queue.RunningAsync($"{id}");

        var watch = inside.Jobs.WaitAsync(id);
        await cluster.KillAsync();
        await cluster.KillWorkerAsync(0);
        var during = await Assert.ThrowsAnyAsync<IOException>(() => NoPatience(cluster, id));
        await cluster.ReviveAsync();
        var end = await watch.WaitAsync(TimeSpan.FromSeconds(120));
        var rows = await inside.Jobs.GetResultAsync(id, limit: 1);

        Assert.IsType<ClusterUnreachableException>(during);
        Assert.Equal((JobPhase.Succeeded, 1500L), (end.Phase, rows.TotalRows));
    }

    // No gateway is there to answer: the call says so after its one try, and does not hang.
    private static async Task<JobStatus> NoPatience(HandRunCluster cluster, JobId id)
    {
        await using var inside = await InsideConnection.OpenAsync(
            options =>
            (options.Postgres, options.Patience) = (cluster.Server.ConnectionStringOf(PostgresCluster.DatabaseName),
                TimeSpan.Zero));
        return await inside.Jobs.GetStatusAsync(id);
    }
}
