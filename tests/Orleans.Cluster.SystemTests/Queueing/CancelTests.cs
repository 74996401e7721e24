using System.Diagnostics;
using System.Net;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>After CANCELLED nothing works for the job, whatever it was doing when it was cancelled.</summary>
[Collection("queue")]
public sealed class CancelTests(ITestOutputHelper output)
{
    [Fact]
    public Task Cancel_AtRandomMoments_EndsAtOnceAndLeavesNothing() => AtRandomMoments(jobs: 6);

    [Fact, Trait("Category", "Long")]
    public Task Cancel_AHundredAtRandomMoments_EndAtOnceAndLeaveNothing() => AtRandomMoments(jobs: 100);

    [Fact]
    [Trait("Category", "Long")]
    public async Task Cancel_OnAFrozenWorker_WithinTheExecutorsDeadline()
    {
        await using var cluster = await Start(workers: 2);
        var client = new QueueClient(cluster);
        var id = await client.SubmitAsync(QueueClient.Slow(client.WriteNumbers("frozen.csv", 40_000)));
        await client.RunningAsync(id);
        var worker = await client.WorkerOfAsync(id);
        var executors = EmbeddedCluster.ExecutorsOf(worker);
        QueueClient.Signal(worker, QueueClient.Stop);
        try
        {
            var clock = Stopwatch.StartNew();
            using var answer = await client.CancelAsync(id);
            var end = await cluster.WaitForEndAsync(id);

            output.WriteLine($"CANCELLED after {clock.Elapsed}.");
            Assert.Equal("CANCELLED", QueueClient.Phase(end));
            Assert.NotEmpty(executors);
            Assert.Empty(EmbeddedCluster.ExecutorsOf(worker));
        }
        finally
        {
            QueueClient.Signal(worker, QueueClient.Continue);
        }
    }

    private async Task AtRandomMoments(int jobs)
    {
        await using var cluster = await Start(workers: 2);
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("cancel.csv", 600);
        var random = new Random(5);
        var times = new List<TimeSpan>();
        for (var i = 0; i < jobs; i++)
        {
            var id = await client.SubmitAsync(QueueClient.Slow(table, partitions: random.Next(1, 9)));
            await Task.Delay(random.Next(1500));
            var clock = Stopwatch.StartNew();
            using var answer = await client.CancelAsync(id);
            if (answer.StatusCode == HttpStatusCode.Conflict)
            {
                continue; // It was faster.
            }

            var end = await cluster.WaitForEndAsync(id);
            times.Add(clock.Elapsed);
            Assert.Equal("CANCELLED", QueueClient.Phase(end));
            using var again = await client.CancelAsync(id);
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
            Assert.DoesNotContain(
                await client.PartitionsAsync(id),
                partition => partition.GetProperty("attempts").EnumerateArray().Any(QueueClient.IsRunning));
            await client.NothingIsLeftAsync();
        }

        times.Sort();
        output.WriteLine($"{times.Count} cancelled; median {times[times.Count / 2]}, longest {times[^1]}.");
    }

    private static async Task<EmbeddedCluster> Start(int workers)
    {
        var cluster = new EmbeddedCluster { Workers = workers, Arguments = ["--Cluster:SlotsPerWorker=2"] };
        await cluster.StartAsync();
        return cluster;
    }
}
