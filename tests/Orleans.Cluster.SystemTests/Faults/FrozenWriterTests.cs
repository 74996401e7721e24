using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Orleans.Cluster.Storage;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// A worker that stands still while it holds the lock of the embedded database, which every process of the cluster writes to.
/// </summary>
[Collection("kills")]
public sealed class FrozenWriterTests(EmbeddedFaultCluster cluster) : IClassFixture<EmbeddedFaultCluster>
{
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Freeze_WorkerInTheMiddleOfAWrite_ItIsEndedAndTheJobEndsRight()
    {
        var path = Path.Combine(cluster.StateFolder, "cluster.db");
        await using var database = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        await database.OpenAsync(TestContext.Current.CancellationToken);
        await using var look = database.CreateCommand();
        look.CommandText = "SELECT count(*) FROM sqlite_master";
        await look.ExecuteScalarAsync(TestContext.Current.CancellationToken); // Now this process has the file of locks mapped.

        var job = new FaultJob(cluster);
        await job.MeasureAsync();
        string id;
        int? frozen;
        do
        {
            id = await job.SubmitAsync(null);
            frozen = await FreezeWriterAsync(path, id);
        }
        while (frozen is null);

        try
        {
            await EmbeddedCluster.Until(
                () => Task.FromResult(!EmbeddedCluster.Runs(frozen.Value)), TimeSpan.FromSeconds(20),
                () => $"The frozen writer was not ended.\n{cluster.Log}");
        }
        finally
        {
            if (EmbeddedCluster.Runs(frozen.Value))
            {
                QueueClient.Signal(frozen.Value, QueueClient.Continue);
            }
        }

        await job.CheckAsync(id, null);
        await cluster.ReviveAsync();
    }

    // Null when the job ended before a worker was seen writing.
    private async Task<int?> FreezeWriterAsync(string path, string id)
    {
        var workers = cluster.WorkerIds().ToHashSet();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(60))
        {
            for (var look = 0; look < 200; look++)
            {
                if (SqliteLocks.Writer(path) is not { } writer || !workers.Contains(writer))
                {
                    continue;
                }

                QueueClient.Signal(writer, QueueClient.Stop);
                await Task.Delay(Settled);
                if (SqliteLocks.Writer(path) == writer)
                {
                    return writer;
                }

                QueueClient.Signal(writer, QueueClient.Continue);
            }

            if (await cluster.TryStatusAsync(id) is { } status
                && status.GetProperty("status").GetString() is "SUCCEEDED" or "FAILED")
            {
                return null;
            }
        }

        throw new TimeoutException("No worker was seen writing.");
    }
}
