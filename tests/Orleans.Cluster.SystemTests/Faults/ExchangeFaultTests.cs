using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Processes are killed or stand still while rows pass an exchange, and files of it are gone, cut or changed: the result is
/// right, and only what was lost is made again.
/// </summary>
[Collection("kills")]
public sealed class ExchangeFaultTests(EmbeddedFaultCluster cluster) : IClassFixture<EmbeddedFaultCluster>
{
    private const int Rounds = 100;

    // Of ten partitions of either table, and some that join them.
    private const int MostCommits = 21;
    private static readonly string[] Faults =
    [
        "harm", "kill executor", "harm", "stop executor", "harm", "kill worker", "harm", "stop worker", "harm", "kill gateway",
        "stop gateway",
    ];

    [Fact]
    public Task Run_AFileOfAnExchangeIsHarmed_ItsPartitionAloneRunsAgain() => Run(first: 0, count: 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task Run_AHundredFaultsOfAnExchange_EachEndsRight() => Run(first: 1000, Rounds);

    private async Task Run(int first, int count)
    {
        var join = new ShuffleJoin(cluster, bucket: null);
        await join.WriteTablesAsync();
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var seed = first; seed < first + count; seed++)
        {
            var fault = Faults[(seed - first) % Faults.Length];
            var what = await RunOne(join, fault, new Random(seed));
            TestContext.Current.TestOutputHelper?.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {seed} {fault}: {what}");
            counts[$"{fault}, {what.Split(':')[0]}"] = counts.GetValueOrDefault($"{fault}, {what.Split(':')[0]}") + 1;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("; ", counts.Select(pair => $"{pair.Key}: {pair.Value}")));
        await Leftovers.CheckNoneAsync(cluster);
    }

    /// <returns>What came of it.</returns>
    private async Task<string> RunOne(ShuffleJoin join, string fault, Random random)
    {
        var id = await join.SubmitAsync();
        await join.WaitForCommitsAsync(id, atLeast: random.Next(1, MostCommits));
        if (fault == "harm")
        {
            var harmed = Harm(id, random);
            var partitions = await join.CheckAsync(id, harmed);
            var again = partitions.Where(partition => partition.Attempts.Count(attempt => attempt.State == "COMMITTED") > 1)
                .Select(partition => (partition.Stage, partition.Number)).ToList();
            Assert.True(
                again.TrueForAll(partition => partition == harmed), $"{string.Join(", ", again)} ran again for {harmed}.");
            return again.Count > 0 ? "made again" : "had been read";
        }

        await Disturb(fault, random);
        await cluster.ReviveAsync();
        var more = (await join.CheckAsync(id)).Sum(partition => partition.Attempts.Count - 1);
        return string.Create(CultureInfo.InvariantCulture, $"right: {more} attempts more");
    }

    private async Task Disturb(string fault, Random random)
    {
        var workers = cluster.WorkerIds();
        List<int> executors = [.. workers.SelectMany(EmbeddedCluster.ExecutorsOf)];
        int? process = fault.Split(' ')[1] switch
        {
            "executor" => executors.Count == 0 ? null : executors[random.Next(executors.Count)],
            "worker" => workers.Count == 0 ? null : workers[random.Next(workers.Count)],
            _ => cluster.GatewayId,
        };
        if (process is not { } victim)
        {
            return;
        }

        try
        {
            if (fault.StartsWith("kill", StringComparison.Ordinal))
            {
                QueueClient.Kill(victim);
                await Task.Delay(random.Next(1000));
            }
            else
            {
                QueueClient.Signal(victim, QueueClient.Stop);
                await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 12));
                QueueClient.Signal(victim, QueueClient.Continue);
            }
        }
        catch (Exception ended) when (ended is ArgumentException or InvalidOperationException && !EmbeddedCluster.Runs(victim))
        {
            // It ended by itself, or the cluster has ended what stood still.
        }
    }

    /// <returns>Whose file was harmed; null where the job was done with all of them.</returns>
    private (int Stage, int Number)? Harm(string id, Random random)
    {
        var root = Path.Combine(cluster.StateFolder, "artifacts", id);
        try
        {
            var files = Directory.GetFiles(root, "exchange.rows", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .ToList();
            if (files.Count == 0)
            {
                return null;
            }

            var file = files[random.Next(files.Count)];
            var place = Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar);
            using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            {
                var length = RandomAccess.GetLength(handle);
                switch (random.Next(3))
                {
                    case 0:
                        File.Delete(file);
                        break;
                    case 1:
                        RandomAccess.SetLength(handle, (long)(length * random.NextDouble()));
                        break;
                    default:
                        var (at, one) = ((long)(length * random.NextDouble()), new byte[1]);
                        RandomAccess.Read(handle, one, at);
                        one[0] ^= 0x40;
                        RandomAccess.Write(handle, one, at);
                        break;
                }
            }

            return (int.Parse(place[0], CultureInfo.InvariantCulture), int.Parse(place[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null; // It is being swept at this moment.
        }
    }
}
