using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>
/// Many jobs at once, gangs among them: all end, and no worker is ever given more than it offers, as its leases tell afterwards.
/// </summary>
[Collection("queue")]
public sealed class LeaseLogTests(ITestOutputHelper output)
{
    private const int SlotsPerWorker = 2;
    private const long MemoryPerWorker = 1L << 30;

    [Fact]
    [Trait("Category", "Long")]
    public Task Grants_ManyJobsOfManySizes_NeverPassTheOffer() => NeverPassTheOffer(jobs: 9);

    [Fact, Trait("Category", "Long")]
    public Task Grants_AHundredJobsOfManySizes_NeverPassTheOffer() => NeverPassTheOffer(jobs: 100);

    [Fact]
    [Trait("Category", "Long")]
    public Task Gangs_Competing_AllEndAlthoughAWorkerIsKilled() => GangsAllEnd(jobs: 4);

    [Fact, Trait("Category", "Long")]
    public Task Gangs_TwentyCompeting_AllEndAlthoughAWorkerIsKilled() => GangsAllEnd(jobs: 20);

    private async Task NeverPassTheOffer(int jobs)
    {
        await using var cluster = await Start();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("offer.csv", 60);
        var random = new Random(2);
        var sizes = new Dictionary<string, (int Cpu, long MemoryBytes)>();
        for (var i = 0; i < jobs; i++)
        {
            var size = (Cpu: random.Next(1, SlotsPerWorker + 1), MemoryBytes: random.Next(1, 9) * (MemoryPerWorker / 8));
            var job = QueueClient.Slow(table, partitions: random.Next(1, 4));
            job["resources"] = new { cpu = size.Cpu, memoryBytes = size.MemoryBytes };
            sizes[await client.SubmitAsync(job)] = size;
        }

        Assert.All(await client.EndsAsync(sizes.Keys), end => Assert.True(QueueClient.Phase(end) == "SUCCEEDED", end.ToString()));
        AssertWithinOffer(await LeasesAsync(client, sizes));
    }

    private async Task GangsAllEnd(int jobs)
    {
        await using var cluster = await Start();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("gang.csv", 120);
        var random = new Random(4);
        var sizes = new Dictionary<string, (int Cpu, long MemoryBytes)>();
        for (var i = 0; i < jobs; i++)
        {
            var job = QueueClient.Slow(
                table, partitions: random.Next(2, 2 * SlotsPerWorker + 1), memoryBytes: MemoryPerWorker / SlotsPerWorker);
            var where = ((dynamic)job["parameters"]!).where;
            job["operation"] = "aggregate";
            job["parameters"] = new { where, groupBy = new[] { "n" },
                aggregates = new[] { new { function = "count", @as = "rows" } } };
            job["gang"] = true;
            sizes[await client.SubmitAsync(job)] = (1, MemoryPerWorker / SlotsPerWorker);
        }

        await client.RunningAsync(sizes.Keys.First());
        QueueClient.Kill(cluster.WorkerIds()[0]);

        Assert.All(await client.EndsAsync(sizes.Keys), end => Assert.True(QueueClient.Phase(end) == "SUCCEEDED", end.ToString()));
        var leases = await LeasesAsync(client, sizes);
        AssertWithinOffer(leases);
        AssertScansBeganTogether(leases);
        var wall = (leases.Max(lease => lease.End) - leases.Min(lease => lease.Start)).TotalSeconds;
        output.WriteLine(
            $"Utilisation {leases.Sum(lease => (lease.End - lease.Start).TotalSeconds) / (wall * 2 * SlotsPerWorker):P0} of "
            + $"{2 * SlotsPerWorker} slots over {wall:0.0} s.");
    }

    private static void AssertWithinOffer(List<Lease> leases)
    {
        Assert.NotEmpty(leases);
        foreach (var worker in leases.GroupBy(lease => lease.Worker))
        {
            foreach (var moment in worker.Select(lease => lease.Start))
            {
                var held = worker.Where(lease => lease.Start <= moment && moment < lease.End).ToList();
                Assert.True(held.Sum(lease => lease.Cpu) <= SlotsPerWorker,
                    $"{worker.Key} had more slots in use than it has at {moment:O}.");
                Assert.True(held.Sum(lease => lease.MemoryBytes) <= MemoryPerWorker,
                    $"{worker.Key} had more memory in use than it has at {moment:O}.");
            }
        }
    }

    // One transaction begins all of a gang, whenever a worker is killed.
    private static void AssertScansBeganTogether(List<Lease> leases) => Assert.All(
        leases.Where(lease => lease is { Stage: 0, Number: 1 }).GroupBy(lease => lease.Job),
        gang => Assert.True(
            gang.Select(lease => lease.Start).Distinct().Count() == 1, $"The gang of {gang.Key} did not begin together."));

    private static async Task<List<Lease>> LeasesAsync(QueueClient client, Dictionary<string, (int Cpu, long MemoryBytes)> sizes)
    {
        var leases = new List<Lease>();
        foreach (var (id, size) in sizes)
        {
            leases.AddRange(
                from partition in await client.PartitionsAsync(id)
                from attempt in partition.GetProperty("attempts").EnumerateArray()
                select new Lease(
                    id, partition.GetProperty("stage").GetInt32(), attempt.GetProperty("number").GetInt32(),
                    attempt.GetProperty("worker").GetString()!,
                    QueueClient.Time(attempt, "startedAt"), QueueClient.Time(attempt, "endedAt"), size.Cpu, size.MemoryBytes));
        }

        return leases;
    }

    private static async Task<EmbeddedCluster> Start()
    {
        var cluster = new EmbeddedCluster
        {
            Workers = 2,
            Arguments = [$"--Cluster:SlotsPerWorker={SlotsPerWorker}", $"--Cluster:MemoryPerWorkerBytes={MemoryPerWorker}"],
        };
        await cluster.StartAsync();
        return cluster;
    }

    private sealed record Lease(
        string Job, int Stage, int Number, string Worker, DateTimeOffset Start, DateTimeOffset End, int Cpu, long MemoryBytes);
}
