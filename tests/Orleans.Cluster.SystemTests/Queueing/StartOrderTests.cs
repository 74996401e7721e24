using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>
/// Who starts first, seen from outside: priority, then age; LOW within its bound; CRITICAL within one partition.
/// </summary>
[Collection("queue")]
public sealed class StartOrderTests
{
    private const int Slots = 4;
    private static readonly TimeSpan Rise = TimeSpan.FromSeconds(2);
    private static readonly string[] Priorities = ["LOW", "NORMAL", "HIGH", "CRITICAL"];

    [Fact]
    [Trait("Category", "Long")]
    public Task Start_MixedPriorities_FollowsPriorityThenAge() => FollowsPriorityThenAge(jobs: 24);

    [Fact, Trait("Category", "Long")]
    public Task Start_TwoHundredJobs_FollowsPriorityThenAge() => FollowsPriorityThenAge(jobs: 200);

    [Fact]
    [Trait("Category", "Long")]
    public async Task Start_LowUnderAStreamOfHigh_WithinTheBound()
    {
        await using var cluster = await Start($"--Queue:PriorityRise={Rise}");
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("stream.csv", 20);
        using var enough = new CancellationTokenSource();
        var stream = Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var ends = new List<JsonElement>();
            while (!enough.IsCancellationRequested)
            {
                ends.Add(await cluster.WaitForEndAsync(await client.SubmitAsync(QueueClient.Slow(table, "HIGH"))));
            }

            return ends;
        }));
        await EmbeddedCluster.Until(
            async () => (await client.WorkersAsync()).Sum(worker => worker.GetProperty("busy").GetInt32()) == Slots,
            TimeSpan.FromSeconds(30), () => $"The stream does not fill the slots.\n{cluster.Log}");

        var low = await cluster.WaitForEndAsync(await client.SubmitAsync(QueueClient.Quick(table, "LOW")));

        await enough.CancelAsync();

        // From its third rise on it is the oldest of all: nothing that came later goes first, whatever the machine's speed.
        var first = (await stream).SelectMany(ends => ends).Count(high =>
            QueueClient.Time(high, "createdAt") > QueueClient.Time(low, "createdAt") + (3 * Rise)
            && QueueClient.Time(high, "startedAt") < QueueClient.Time(low, "startedAt"));
        Assert.True(first < Slots, $"{first} HIGH jobs that came after LOW had waited for {3 * Rise} started before it: {low}");
    }

    [Fact]
    public async Task Start_CriticalOnBusySlots_WithinOnePartition()
    {
        await using var cluster = await Start();
        var client = new QueueClient(cluster);
        var long1 = await client.SubmitAsync(QueueClient.Slow(client.WriteNumbers("busy.csv", 4000), "HIGH", partitions: 80));
        await client.RunningAsync(long1, Slots);

        var critical = await cluster.WaitForEndAsync(
            await client.SubmitAsync(QueueClient.Quick(client.WriteNumbers("critical.csv", 10), "CRITICAL")));

        var (asked, began) = (QueueClient.Time(critical, "createdAt"), QueueClient.Time(critical, "startedAt"));
        var before = (await client.PartitionsAsync(long1))
            .SelectMany(partition => partition.GetProperty("attempts").EnumerateArray())
            .Count(attempt => QueueClient.Time(attempt, "startedAt") > asked && QueueClient.Time(attempt, "startedAt") < began);
        using var answer = await client.CancelAsync(long1);

        // Those whose slots were free while it was planned, and no second round of them.
        Assert.True(before < 2 * Slots, $"{before} partitions of HIGH began between {asked} and {began}.");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Start_LastPartitions_LeaveNoSlotEmptyThatTheyCouldHave()
    {
        await using var cluster = new EmbeddedCluster { Workers = 2 };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);

        // One slot is free again well before the other, and gets a long partition: is it still known to have left the last one,
        // when the other asks?
        var job = QueueClient.Slow(client.WriteNumbers("tail.csv", 100), partitions: 4);
        job["parameters"] = new
        {
            where = "levenshtein(repeat('ab', 2000), "
                + "repeat('ba', CASE n // 25 WHEN 1 THEN 3600 WHEN 2 THEN 4000 ELSE 2000 END + n % 2)) >= 0",
        };
        var end = await cluster.WaitForEndAsync(await client.SubmitAsync(job));

        var attempts = (await client.PartitionsAsync(Id(end)))
            .SelectMany(partition => partition.GetProperty("attempts").EnumerateArray())
            .Select(attempt =>
                (Worker: attempt.GetProperty("worker").GetString(), Start: QueueClient.Time(attempt, "startedAt"),
                    End: QueueClient.Time(attempt, "endedAt")))
            .OrderBy(attempt => attempt.Start).ToList();
        var shortest = attempts.Min(attempt => attempt.End - attempt.Start);
        var pauses = attempts.GroupBy(attempt => attempt.Worker)
            .SelectMany(own => own.Zip(own.Skip(1), (before, after) => after.Start - before.End)).ToList();
        Assert.Equal(attempts.Count - 2, pauses.Count);
        Assert.All(pauses,
            pause => Assert.True(pause < shortest / 4, $"A slot was empty for {pause}; partitions take {shortest} and more."));
    }

    private static async Task FollowsPriorityThenAge(int jobs)
    {
        await using var cluster = await Start();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("order.csv", 10);
        var blocker = await client.SubmitAsync(
            QueueClient.Slow(client.WriteNumbers("block.csv", 40_000), "CRITICAL", partitions: Slots));
        await client.RunningAsync(blocker, Slots);
        var random = new Random(4);
        var ids = new List<string>();
        for (var i = 0; i < jobs; i++)
        {
            ids.Add(await client.SubmitAsync(QueueClient.Quick(table, Priorities[random.Next(Priorities.Length)])));
        }

        using var answer = await client.CancelAsync(blocker);
        var ends = await client.EndsAsync(ids);

        Assert.All(ends, end => Assert.Equal("SUCCEEDED", QueueClient.Phase(end)));
        var expected = ends.OrderByDescending(end => Array.IndexOf(Priorities, end.GetProperty("priority").GetString()))
            .ThenBy(end => QueueClient.Time(end, "createdAt")).ToList();
        var actual = ends.OrderBy(end => QueueClient.Time(end, "startedAt")).Select(Id).ToList();

        // Jobs that get slots of one round begin at the same time, in any order.
        var off = expected.Select((end, index) => Math.Abs(actual.IndexOf(Id(end)) - index)).Max();
        Assert.True(off < 2 * Slots, $"A job started {off} places from where it belongs.");
    }

    private static string Id(JsonElement status) => status.GetProperty("id").GetString()!;

    private static async Task<EmbeddedCluster> Start(params string[] arguments)
    {
        var cluster = new EmbeddedCluster { Workers = 2, Arguments = ["--Cluster:SlotsPerWorker=2", .. arguments] };
        await cluster.StartAsync();
        return cluster;
    }
}

/// <summary>Each test of the queue has a cluster of its own; two at once would starve each other.</summary>
[CollectionDefinition("queue")]
public sealed class QueueCollection;
