using System.Diagnostics;
using System.Net.Http.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>Why a job waits, said truly within two seconds: each way to make one wait, on real processes.</summary>
[Collection("queue")]
public sealed class WaitReasonTests
{
    private const long Memory = 1L << 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Reason_EachWayToWait_IsSaid()
    {
        await using var cluster = new EmbeddedCluster
        {
            Workers = 1,
            Arguments = ["--Cluster:SlotsPerWorker=2", $"--Cluster:MemoryPerWorkerBytes={Memory}", "--Cluster:GpusPerWorker=1"],
        };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("reason.csv", 100_000);
        var running = await client.SubmitAsync(QueueClient.Slow(table, memoryBytes: 768L << 20));
        await client.RunningAsync(running);
        await Says(client, running, "RUNNING");

        var behind = await client.SubmitAsync(QueueClient.Slow(table, memoryBytes: 512L << 20));
        await Says(client, behind, "WAITING_FOR_MEMORY");
        await client.CancelAsync(behind);

        var holdsGpu = QueueClient.Slow(table, memoryBytes: 192L << 20);
        holdsGpu["resources"] = new { memoryBytes = 192L << 20, gpu = 1 };
        var gpu = await client.SubmitAsync(holdsGpu);
        await client.RunningAsync(gpu);
        await client.CancelAsync(running);
        await cluster.WaitForEndAsync(running);
        var second = await client.SubmitAsync(holdsGpu);
        await Says(client, second, "WAITING_FOR_GPU");
        await client.CancelAsync(second);

        var gang = QueueClient.Slow(table, partitions: 2, memoryBytes: 192L << 20);
        gang["gang"] = true;
        var together = await client.SubmitAsync(gang);
        await Says(client, together, "WAITING_FOR_GANG");
        await client.CancelAsync(together);

        var dependent = QueueClient.Quick(table);
        dependent["dependsOn"] = new[] { gpu };
        await Says(client, await client.SubmitAsync(dependent), "WAITING_FOR_DEPENDENCY");

        var fills = await client.SubmitAsync(QueueClient.Slow(table, memoryBytes: 192L << 20));
        await client.RunningAsync(fills);
        var first = await client.SubmitAsync(QueueClient.Slow(table, memoryBytes: 192L << 20));
        var next = await client.SubmitAsync(QueueClient.Slow(table, memoryBytes: 192L << 20));
        await Says(client, first, "WAITING_FOR_SLOT");
        await Says(client, next, "QUEUED_BEHIND");

        // No attempt of it has begun: every view says QUEUED.
        Assert.Equal("QUEUED", QueueClient.Phase(await client.StatusAsync(next)));
        Assert.Contains(next, await ListedAsync(cluster, "QUEUED"));
        Assert.Equal([fills, gpu], (await ListedAsync(cluster, "RUNNING")).OrderDescending());

        var queue = await cluster.Http.GetFromJsonAsync<System.Text.Json.JsonElement>("queue/status");
        Assert.Contains(queue.GetProperty("waiting").EnumerateArray(), job => job.GetProperty("id").GetString() == next
            && job.GetProperty("position").GetInt32() >= 2);

        QueueClient.Signal(cluster.WorkerIds().Single(), QueueClient.Terminate);
        await Says(client, first, "WORKERS_DRAINING");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Reason_ExecutorDied_BacksOff()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var job = QueueClient.Slow(client.WriteNumbers("backoff.csv", 100_000));
        job["retry"] = new { initialBackoffMs = 60_000, maxBackoffMs = 60_000 };
        var id = await client.SubmitAsync(job);
        await client.RunningAsync(id);
        await Task.Delay(TimeSpan.FromSeconds(2)); // The executor has its task by then; before, its death would be nobody's.

        EmbeddedCluster.ExecutorsOf(await client.WorkerOfAsync(id)).ToList().ForEach(QueueClient.Kill);

        await Says(client, id, "BACKING_OFF");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Reason_NoWorkersOrStopped_IsSaid()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("none.csv", 10);
        using var answer = await cluster.Http.PostAsJsonAsync("cluster/stop", new { mode = "NOW" });
        var stopped = await client.SubmitAsync(QueueClient.Quick(table));
        await Says(client, stopped, "CLUSTER_STOPPED");

        await using var empty = new EmbeddedCluster { Workers = 0 };
        await empty.StartAsync();
        var other = new QueueClient(empty);
        await Says(other, await other.SubmitAsync(QueueClient.Quick(other.WriteNumbers("none.csv", 10))), "NO_WORKERS");
    }

    private static async Task<IReadOnlyList<string>> ListedAsync(EmbeddedCluster cluster, string status)
    {
        var page = await cluster.Http.GetFromJsonAsync<System.Text.Json.JsonElement>($"jobs/list?status={status}");
        return [.. page.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!)];
    }

    // Planning comes before waiting.
    private static async Task Says(QueueClient client, string id, string code)
    {
        var seen = new List<string>();
        await EmbeddedCluster.Until(
            async () =>
            {
                var status = await client.StatusAsync(id);
                return QueueClient.Reason(status) != "PLANNING" || QueueClient.Reason(status) == code;
            },
            TimeSpan.FromSeconds(20), () => $"{id} is not planned.");
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var status = await client.StatusAsync(id);
            seen.Add($"{clock.ElapsedMilliseconds} ms: {status.GetProperty("status")} {status.GetProperty("reason")}");
            if (QueueClient.Reason(status) == code)
            {
                return;
            }

            Assert.True(clock.Elapsed < Patience, $"{code} was not said. Seen:\n{string.Join('\n', seen.TakeLast(6))}");
            await Task.Delay(100);
        }
    }
}
