using System.Text.Json;
using Npgsql;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>A backup of a cluster at work, everything lost, and the cluster as the backup says.</summary>
public sealed class BackupTests
{
    [Fact]
    [Trait("Category", "Long")]
    public async Task Restore_AfterEverythingIsLost_HasResultsAndGoesOnWithJobs()
    {
        await using var cluster = new EmbeddedCluster { Workers = 2 };

        await BackUpLoseAndRestore(cluster, () => Task.CompletedTask);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Restore_OfPostgres_HasResultsAndGoesOnWithJobs()
    {
        PostgresFixture.SkipUnlessInstalled();
        await using var cluster = new PostgresCluster { Workers = 2 };

        await BackUpLoseAndRestore(cluster, async () =>
        {
            await using var source = NpgsqlDataSource.Create(cluster.Server.ConnectionStringOf(PostgresCluster.DatabaseName));
            await using var drop = source.CreateCommand("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            await drop.ExecuteNonQueryAsync();
        });
    }

    // What jobs have made since the backup is in the bucket still, and the database that is put back does not know these jobs.
    [Fact]
    [Trait("Category", "Long")]
    public async Task Restore_ArtifactsInAnObjectStore_DeletesNothingThereUntilItIsAdopted()
    {
        Assert.SkipUnless(S3Server.IsExpected, "npm, which installs the S3 server of this test, is not on this machine.");
        await using var cluster = new S3StoreCluster();
        var queue = new QueueClient(cluster);
        queue.WriteNumbers("numbers.csv", 400);
        await cluster.InitializeAsync();
        var done = await queue.SubmitAsync(QueueClient.Quick("numbers.csv", partitions: 4));
        var before = await cluster.WaitForEndAsync(done);
        var rows = (await cluster.ResultAsync(done)).ToString();
        var slow = await queue.SubmitAsync(QueueClient.Slow("numbers.csv", partitions: 8));
        await queue.RunningAsync(slow);
        var folder = Path.Combine(cluster.Folder, "backup");

        var (code, said) = await cluster.CommandAsync(["backup", "--to", folder, .. cluster.Arguments]);
        Assert.True(code == 0 && said.Contains("no part of it", StringComparison.Ordinal), said);
        await cluster.KillEverythingAsync();
        await cluster.ReviveAsync();
        var later = await queue.SubmitAsync(QueueClient.Quick("numbers.csv", partitions: 4));
        await cluster.WaitForEndAsync(later);
        var made = await cluster.Bucket.KeysAsync($"{S3Bucket.Artifacts}/{later}/");
        await cluster.KillEverythingAsync();
        Directory.Delete(cluster.StateFolder, recursive: true);
        (code, said) = await cluster.CommandAsync(["restore", "--from", folder, .. cluster.Arguments]);
        Assert.True(code == 0 && said.Contains("store adopt", StringComparison.Ordinal), said);
        var lines = cluster.Log.ToString().Length;
        await cluster.ReviveAsync();

        Assert.Equal(Result(before), Result(await queue.StatusAsync(done)));
        Assert.Equal(rows, (await cluster.ResultAsync(done)).ToString());
        Assert.Equal("SUCCEEDED", (await cluster.WaitForEndAsync(slow)).GetProperty("status").GetString());
        Assert.Contains("later state of the database", cluster.Log.ToString()[lines..], StringComparison.Ordinal);
        Assert.NotEmpty(made);
        Assert.Equal(made, await cluster.Bucket.KeysAsync($"{S3Bucket.Artifacts}/{later}/"));
        (code, said) = await cluster.CommandAsync(["store", "adopt", .. cluster.Arguments]);
        Assert.True(code == 0, said);
        IReadOnlyList<string> left = [];
        await EmbeddedCluster.Until(
            async () => (left = await cluster.LeftoversAsync()).Count == 0, TimeSpan.FromSeconds(90),
            () => string.Join('\n', left));
        Assert.Equal(rows, (await cluster.ResultAsync(done)).ToString());
    }

    private static async Task BackUpLoseAndRestore(EmbeddedCluster cluster, Func<Task> loseDatabase)
    {
        var queue = new QueueClient(cluster);
        queue.WriteNumbers("numbers.csv", 400);
        await cluster.InitializeAsync();
        var done = await queue.SubmitAsync(QueueClient.Quick("numbers.csv", partitions: 4));
        var before = await cluster.WaitForEndAsync(done);
        var rows = (await cluster.ResultAsync(done)).ToString();
        var slow = await queue.SubmitAsync(QueueClient.Slow("numbers.csv", partitions: 8));
        await queue.RunningAsync(slow);
        var folder = Path.Combine(cluster.Folder, "backup");

        var (code, said) = await cluster.CommandAsync("backup", "--to", folder);
        Assert.True(code == 0, said);
        await cluster.KillEverythingAsync();
        Directory.Delete(cluster.StateFolder, recursive: true);
        await loseDatabase();
        (code, said) = await cluster.CommandAsync("restore", "--from", folder);
        Assert.True(code == 0, said);
        await cluster.ReviveAsync();

        Assert.Equal(Result(before), Result(await queue.StatusAsync(done)));
        Assert.Equal(rows, (await cluster.ResultAsync(done)).ToString());
        Assert.Equal("SUCCEEDED", (await cluster.WaitForEndAsync(slow)).GetProperty("status").GetString());
        Assert.Contains(
            await queue.SubmitAsync(QueueClient.Quick("numbers.csv")), await cluster.Http.GetStringAsync("jobs/list"),
            StringComparison.Ordinal);

        (code, said) = await cluster.CommandAsync("restore", "--from", folder);
        Assert.True(code == 1 && said.Contains("not empty", StringComparison.Ordinal), said);
    }

    private static string Result(JsonElement status) => status.GetProperty("result").ToString();
}
