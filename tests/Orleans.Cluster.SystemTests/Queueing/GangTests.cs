using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>A gang runs whole: what it does when it can never be had, and when a part of it is lost.</summary>
[Collection("queue")]
public sealed class GangTests
{
    [Fact]
    [Trait("Category", "Long")]
    public async Task Gang_WiderThanTheCluster_IsRefusedUntilItMayGrow()
    {
        await using var cluster = new EmbeddedCluster
        {
            Workers = 1, Arguments = ["--Scaling:UpAfter=00:00:01", "--Jobs:PlanBeforeAccept=00:00:10"],
        };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var gang = Gang(client.WriteNumbers("wide.csv", 20), partitions: 2);

        using var refused = await cluster.Http.PostAsJsonAsync("jobs/submit", gang);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "resources-impossible"),
            (refused.StatusCode, problem.GetProperty("code").GetString()));
        Assert.Contains("The gang has 2 tasks", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("at most 1 workers with 1 slots", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        using var scaled = await cluster.Http.PostAsJsonAsync("cluster/scale", new { minWorkers = 1, maxWorkers = 2 });
        Assert.True(scaled.IsSuccessStatusCode, await scaled.Content.ReadAsStringAsync());
        var id = await client.SubmitAsync(gang);
        var end = await cluster.WaitForEndAsync(id);

        Assert.True(QueueClient.Phase(end) == "SUCCEEDED", end.ToString());
        Assert.Single((await client.PartitionsAsync(id))
            .Select(partition => QueueClient.Time(partition.GetProperty("attempts")[0], "startedAt")).Distinct());
    }

    // The more urgent job takes what the killed worker's successor offers, so that the gang stays short of its members.
    [Fact]
    [Trait("Category", "Long")]
    public async Task Gang_MembersLostAndNotReplaced_GivesTheOthersBackAndBeginsTogetherAgain()
    {
        await using var cluster = new EmbeddedCluster
        {
            Workers = 2, Arguments = ["--Cluster:SlotsPerWorker=2", "--Queue:GangReplacement=00:00:00.5"],
        };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var id = await client.SubmitAsync(Gang(client.WriteNumbers("lost.csv", 20_000), partitions: 4));
        await client.RunningAsync(id, attempts: 4);
        var urgent = await client.SubmitAsync(
            QueueClient.Slow(client.WriteNumbers("urgent.csv", 200), "CRITICAL", partitions: 4));

        QueueClient.Kill(await client.WorkerOfAsync(id));
        var urgentEnd = await cluster.WaitForEndAsync(urgent);
        await client.RunningAsync(id, attempts: 4);

        Assert.True(QueueClient.Phase(urgentEnd) == "SUCCEEDED", urgentEnd.ToString());
        var attempts = (await client.PartitionsAsync(id))
            .Select(partition => partition.GetProperty("attempts").EnumerateArray().ToList()).ToList();
        using var cancelled = await client.CancelAsync(id);
        Assert.Equal(
            2, attempts.SelectMany(all => all)
            .Count(attempt => attempt.ToString().Contains("its gang lost a member", StringComparison.Ordinal)));
        Assert.Equal(2, attempts.SelectMany(all => all).Count(attempt => attempt.GetProperty("state").GetString() == "LOST"));
        Assert.Single(attempts.Select(all => QueueClient.Time(all[^1], "startedAt")).Distinct());
        Assert.All(attempts, all => Assert.True(QueueClient.IsRunning(all[^1])));
    }

    private static Dictionary<string, object?> Gang(string path, int partitions)
    {
        var job = QueueClient.Slow(path, partitions: partitions);
        job["gang"] = true;
        return job;
    }
}
