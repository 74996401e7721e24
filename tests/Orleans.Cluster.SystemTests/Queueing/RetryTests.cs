using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>
/// What becomes of partitions that fail: tried again after a pause, given up with a story, or run once what they lacked is there.
/// </summary>
[Collection("queue")]
public sealed class RetryTests
{
    [Fact, Gateway.Provokes("executor-crashed")]
    public async Task Poison_ExecutorDiesEachTime_FailsThatJobAloneAfterThreeDeaths()
    {
        await using var cluster = new EmbeddedCluster { Workers = 2 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var poison = await client.SubmitAsync(QueueClient.Slow(client.WriteNumbers("poison.csv", 40_000)));
        var healthy = await client.SubmitAsync(QueueClient.Slow(client.WriteNumbers("healthy.csv", 200), partitions: 6));
        var silos = cluster.WorkerIds();

        for (var death = 1; death <= 3; death++)
        {
            var deaths = death;
            var nextKill = DateTime.MinValue;
            await EmbeddedCluster.Until(
                async () =>
                {
                    // An executor that dies before its first task is replaced in silence: only one at work is this partition's
                    // death.
                    if ((await Attempts(client, poison)).Any(QueueClient.IsRunning) && DateTime.UtcNow >= nextKill)
                    {
                        nextKill = DateTime.UtcNow.AddSeconds(3);
                        EmbeddedCluster.ExecutorsOf(await client.WorkerOfAsync(poison)).ToList().ForEach(QueueClient.Kill);
                    }

                    return (await Attempts(client, poison))
                        .Count(attempt => attempt.GetProperty("state").GetString() == "FAILED") == deaths;
                },
                TimeSpan.FromSeconds(60), () => $"Death {deaths} was not noticed.\n{cluster.Log}");
        }

        var end = await cluster.WaitForEndAsync(poison);
        Assert.Equal("FAILED", QueueClient.Phase(end));
        Assert.Equal("executor-crashed", end.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains(
            "ended its executor 3 times", end.GetProperty("error").GetProperty("detail").GetString(), StringComparison.Ordinal);
        var attempts = await Attempts(client, poison);
        Assert.Equal(
            ["EXECUTOR_CRASHED", "EXECUTOR_CRASHED", "EXECUTOR_CRASHED"],
            attempts.Select(attempt => attempt.GetProperty("failure").GetProperty("kind").GetString()));
        var pauses = attempts.Zip(
            attempts.Skip(1), (one, next) => QueueClient.Time(next, "startedAt") - QueueClient.Time(one, "endedAt")).ToList();
        Assert.True(pauses[0] >= TimeSpan.FromMilliseconds(250)
            && pauses[1] >= TimeSpan.FromMilliseconds(500), string.Join(", ", pauses));

        Assert.Equal("SUCCEEDED", QueueClient.Phase(await cluster.WaitForEndAsync(healthy)));
        Assert.All(await Attempts(client, healthy),
            attempt => Assert.Equal("COMMITTED", attempt.GetProperty("state").GetString()));
        Assert.Equal(silos.Order(), cluster.WorkerIds().Order());
    }

    [Fact]
    public async Task Retry_AMissingFileIsBack_RunsOnlyWhatHadNotCommitted()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var names = Enumerable.Range(0, 3).Select(i => client.WriteNumbers($"part-{i}.csv", 20)).ToList();
        var job = QueueClient.Slow("part-*.csv");
        job["partitioning"] = new { minPartitions = 3 };
        job["retry"] = new { maxAttempts = 2 };
        var (id, free) = await SubmitBehindABlocker(client, job);
        var kept = names[2] + ".away";
        File.Move(names[2], kept);
        await free();

        var failed = await cluster.WaitForEndAsync(id);
        Assert.Equal(
            ("FAILED", "dataset-not-readable"),
            (QueueClient.Phase(failed), failed.GetProperty("error").GetProperty("code").GetString()));
        File.Copy(kept, names[2]);
        File.SetLastWriteTimeUtc(names[2], DateTime.UtcNow.AddSeconds(5));
        var committed = (await client.PartitionsAsync(id)).Where(IsCommitted).Select(Key).ToList();
        using var answer = await cluster.Http.PostAsync($"jobs/{id}/retry", null);
        var end = await cluster.WaitForEndAsync(id);

        Assert.True(QueueClient.Phase(end) == "SUCCEEDED", end.ToString());
        Assert.Equal(60, end.GetProperty("result").GetProperty("rows").GetInt64());
        Assert.Contains(
            end.GetProperty("notes").EnumerateArray(),
            note => note.GetString()!.Contains("part-2.csv", StringComparison.Ordinal));
        Assert.NotEmpty(committed);
        var after = await client.PartitionsAsync(id);
        Assert.All(after.Where(partition => committed.Contains(Key(partition))),
            partition => Assert.Equal(1, partition.GetProperty("attempts").GetArrayLength()));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Retry_TheFileThatCameBackIsAnother_IsRefused()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("other.csv", 400);
        var (id, free) = await SubmitBehindABlocker(client, QueueClient.Slow(table, partitions: 4));
        var text = File.ReadAllText(table);
        File.Delete(table);
        await free();
        var failed = await cluster.WaitForEndAsync(id);
        Assert.Equal("FAILED", QueueClient.Phase(failed));

        // As long as before, with other borders of records.
        File.WriteAllText(table, "n\n1\n" + text[4..]);
        using var answer = await cluster.Http.PostAsync($"jobs/{id}/retry", null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var end = await cluster.WaitForEndAsync(id);

        Assert.True(QueueClient.Phase(end) == "FAILED", end.ToString());
        Assert.Equal("dataset-not-readable", end.GetProperty("error").GetProperty("code").GetString());
    }

    // The job is planned, and begins when the blocker that has the only slot is cancelled.
    private static async Task<(string Id, Func<Task> Free)> SubmitBehindABlocker(
        QueueClient client, Dictionary<string, object?> job)
    {
        var blocker = await client.SubmitAsync(QueueClient.Slow(client.WriteNumbers("blocker.csv", 100_000)));
        await client.RunningAsync(blocker);
        var id = await client.SubmitAsync(job);
        await EmbeddedCluster.Until(
            async () => QueueClient.Reason(await client.StatusAsync(id)) is "WAITING_FOR_SLOT" or "QUEUED_BEHIND",
            TimeSpan.FromSeconds(30), () => $"{id} is not planned.");
        return (id, async () => (await client.CancelAsync(blocker)).Dispose());
    }

    private static async Task<List<JsonElement>> Attempts(QueueClient client, string id) =>
        [.. (await client.PartitionsAsync(id)).SelectMany(partition => partition.GetProperty("attempts").EnumerateArray())];

    private static bool IsCommitted(JsonElement partition) => partition.GetProperty("state").GetString() == "COMMITTED";

    private static (int, int) Key(JsonElement partition) =>
        (partition.GetProperty("stage").GetInt32(), partition.GetProperty("partition").GetInt32());
}
