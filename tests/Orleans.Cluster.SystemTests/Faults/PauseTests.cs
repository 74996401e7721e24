using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults;

[Collection("kills")]
public sealed class EmbeddedPauseTests(EmbeddedFaultCluster cluster)
    : PauseTests<EmbeddedFaultCluster>(cluster), IClassFixture<EmbeddedFaultCluster>;

[Collection("kills")]
public sealed class PostgresPauseTests : PauseTests<HandRunCluster>, IClassFixture<HandRunCluster>
{
    private readonly HandRunCluster cluster;

    public PostgresPauseTests(HandRunCluster cluster) : base(cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    /// <summary>
    /// The gateway hosts the job's grain and the queue's. While it stands still the workers host them; when it goes on, both
    /// silos believe that they do, until one finds that its revisions are refused and that it was given up.
    /// </summary>
    [Fact, Trait("Category", "Long")]
    public async Task Pause_TheHostOfTheGrains_OthersHostThemAndItGivesWay()
    {
        var job = new FaultJob(cluster);
        await job.MeasureAsync();
        var gateway = cluster.GatewayId;
        string id, output;
        var submitted = 0;
        while (true)
        {
            output = string.Create(CultureInfo.InvariantCulture, $"out/two-hosts-{submitted++}");
            id = await job.SubmitAsync(output);
            QueueClient.Signal(gateway, QueueClient.Stop);
            if (!(await cluster.PhaseAsync(id)).IsTerminal())
            {
                break;
            }

            QueueClient.Signal(gateway, QueueClient.Continue);
        }

        try
        {
            var phase = JobPhase.Queued;
            await EmbeddedCluster.Until(
                async () => (phase = await cluster.PhaseAsync(id)).IsTerminal(), TimeSpan.FromSeconds(90),
                () => $"{phase}\n{cluster.Log}");
        }
        finally
        {
            QueueClient.Signal(gateway, QueueClient.Continue);
        }

        await EmbeddedCluster.Until(
            () => Task.FromResult(!EmbeddedCluster.Runs(gateway)), TimeSpan.FromSeconds(60),
            () => $"The gateway that was given up runs on.\n{cluster.Log}");
        await cluster.ReviveAsync();
        await job.CheckAsync(id, output);
        await Leftovers.CheckNoneAsync(cluster);
    }

    [Fact]
    public Task Pause_WithWorkInHand_ItsLateWorkCountsForNothing() => Run(firstSeed: 1, count: 1);
}

/// <summary>
/// A worker stands still with work in its hands (SIGSTOP) until others have done that work, and then goes on as if nothing had
/// been. What it does late counts for nothing.
/// </summary>
public abstract class PauseTests<TCluster>(TCluster cluster)
    where TCluster : EmbeddedCluster
{
    /// <summary>What was said before the stop has arrived by then.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Category", "Long")]
    public Task Pause_TwentyTimes_ItsLateWorkCountsForNothing() => Run(firstSeed: 200, count: 20);

    protected async Task Run(int firstSeed, int count)
    {
        var job = new FaultJob(cluster);
        var undisturbed = await job.MeasureAsync();
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}, {undisturbed.TotalSeconds:0.0} s undisturbed");
            await RunOne(job, seed, undisturbed);
        }
    }

    private async Task RunOne(FaultJob job, int seed, TimeSpan undisturbed)
    {
        var random = new Random(seed);
        string id;
        string? output;
        Frozen? frozen;
        var submitted = 0;
        do
        {
            output = seed % 2 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"out/pause-{seed}-{submitted++}");
            id = await job.SubmitAsync(output);
            await Task.Delay(undisturbed * (random.NextDouble() / 2));
            frozen = await FreezeAsync(job, id);
        }
        while (frozen is null);

        try
        {
            await job.CheckAsync(id, output);
            await EmbeddedCluster.Until(
                () => Task.FromResult(!frozen.Executors.Any(EmbeddedCluster.Runs)), EndsWithin,
                () => "Executors of the stopped worker run past their deadline.");
        }
        finally
        {
            // One that was stopped in the middle of a write to the embedded database is ended by its gateway.
            if (EmbeddedCluster.Runs(frozen.ProcessId))
            {
                QueueClient.Signal(frozen.ProcessId, QueueClient.Continue);
            }
        }

        // It learns that the others gave it up, and ends itself.
        await EmbeddedCluster.Until(
            () => Task.FromResult(!EmbeddedCluster.Runs(frozen.ProcessId)), EndsWithin,
            () => $"The worker that was given up runs on.\n{cluster.Log}");
        await cluster.ReviveAsync();
        var after = await job.CheckAsync(id, output);
        Assert.All(frozen.Held, held => Assert.NotEqual("COMMITTED", Find(after, held).State));
        await Leftovers.CheckNoneAsync(cluster);
    }

    // Stops a worker while it has attempts in its hands. Null when the job ended before.
    private async Task<Frozen?> FreezeAsync(FaultJob job, string id)
    {
        while (true)
        {
            var workers = await WorkersAsync();
            var busy = Running(await job.ListPartitionsAsync(id))
                .Select(held => held.Attempt.Worker).FirstOrDefault(workers.ContainsKey);
            if (busy is not null)
            {
                var process = workers[busy];
                QueueClient.Signal(process, QueueClient.Stop);
                await Task.Delay(Settled);
                var held = Running(await job.ListPartitionsAsync(id)).Where(item => item.Attempt.Worker == busy).ToList();
                if (held.Count > 0)
                {
                    return new Frozen(process, EmbeddedCluster.ExecutorsOf(process), held);
                }

                QueueClient.Signal(process, QueueClient.Continue);
            }

            if (await cluster.TryStatusAsync(id) is { } status
                && status.GetProperty("status").GetString() is "SUCCEEDED" or "FAILED")
            {
                return null;
            }
        }
    }

    private async Task<Dictionary<string, int>> WorkersAsync() => (await new QueueClient(cluster).WorkersAsync())
        .Where(worker => worker.GetProperty("state").GetString() == "ACTIVE")
        .ToDictionary(worker => worker.GetProperty("id").GetString()!, worker => worker.GetProperty("processId").GetInt32());

    private static IEnumerable<Held> Running(IEnumerable<FaultJob.Partition> partitions) =>
        from partition in partitions
        from attempt in partition.Attempts
        where attempt.State == "RUNNING"
        select new Held(partition.Stage, partition.Number, attempt);

    private static FaultJob.Attempt Find(IEnumerable<FaultJob.Partition> partitions, Held held) => partitions
        .Single(partition => partition.Stage == held.Stage && partition.Number == held.Partition).Attempts
        .Single(attempt => attempt.Number == held.Attempt.Number);

    private sealed record Held(int Stage, int Partition, FaultJob.Attempt Attempt);

    private sealed record Frozen(int ProcessId, IReadOnlyList<int> Executors, IReadOnlyList<Held> Held);
}
