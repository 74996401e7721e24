using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Queueing;

/// <summary>A task that needs more memory than it may have is stopped without harm, and its partition done in pieces.</summary>
[Collection("queue")]
public sealed class SplitTests(ITestOutputHelper output)
{
    private const long Cap = 256L << 20;

    [Fact]
    public async Task OutOfMemory_RowsTooLargeTogether_FinishesBySplitting()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1, Arguments = ["--Executor:WatchInterval=00:00:00.05"] };
        await cluster.StartAsync();
        var client = new QueueClient(cluster);
        var table = client.WriteNumbers("large.csv", 400);
        var silos = cluster.WorkerIds();

        // Each row makes a text of a megabyte, and all rows of a partition are held at once.
        var job = QueueClient.Quick(table, partitions: 2, memoryBytes: Cap);
        job["operation"] = "sql";
        job["parameters"] = new { query = "SELECT n, md5(repeat(CAST(n AS VARCHAR), 400000)) AS h FROM source" };
        var id = await client.SubmitAsync(job);
        long peak = 0;
        await EmbeddedCluster.Until(
            async () =>
            {
                peak = Math.Max(
                    peak, cluster.WorkerIds()
                    .SelectMany(EmbeddedCluster.ExecutorsOf).Select(ResidentBytes).DefaultIfEmpty(0).Max());
                return QueueClient.Phase(await client.StatusAsync(id)) is "SUCCEEDED" or "FAILED";
            },
            TimeSpan.FromSeconds(90), () => cluster.Log.ToString());

        var end = await client.StatusAsync(id);
        Assert.True(QueueClient.Phase(end) == "SUCCEEDED", end.ToString());
        var partitions = await client.PartitionsAsync(id);
        output.WriteLine(
            $"{partitions.Count} partitions; largest resident size seen from outside {peak >> 20} MiB of {Cap >> 20} MiB.");
        Assert.Contains(partitions, partition => partition.GetProperty("state").GetString() == "SPLIT");
        Assert.Contains(
            end.GetProperty("notes").EnumerateArray(), note => note.GetString()!.Contains("split", StringComparison.Ordinal));
        Assert.Equal(silos, cluster.WorkerIds());
        var rows = await cluster.ResultAsync(id);
        Assert.Equal(
            Enumerable.Range(0, 400).Select(n => (long)n),
            rows.GetProperty("rows").EnumerateArray().Select(row => row[0].GetInt64()));
    }

    private static long ResidentBytes(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status")
                .FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null
                ? 0
                : long.Parse(
                    line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                    System.Globalization.CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
