using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>What callers see while the database is away, and after.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Calls_PostgresStoppedAndStarted_AreUnavailableThenGoOnFromWhatWasStored()
    {
        PostgresFixture.SkipUnlessInstalled();
        await using var server = await PostgresServer.Create();
        await using var storage = TestStorage.On(server.ConnectionString);
        await storage.Database.Migrate(default);
        var job = await storage.Jobs.StoreRunning(partitions: 4);
        var running = await storage.Checkpoints.Begin(job, max: 2);
        await storage.Checkpoints.Commit(running[0]);

        await server.Stop(immediate: true);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => storage.Checkpoints.Commit(running[1]));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => storage.Jobs.Find(job.Id, CancellationToken.None));
        Assert.False(await storage.Jobs.Ping(default));
        await server.Start();

        Assert.Equal(CommitAnswer.Committed, await storage.Checkpoints.Commit(running[0]));
        Assert.Equal(CommitAnswer.Committed, await storage.Checkpoints.Commit(running[1]));
        Assert.Equal(2, (await storage.Checkpoints.Begin(job, max: 4)).Count);
        Assert.Equal(2, (await storage.Checkpoints.Tally(job.Id, default))[0].Committed);
    }

    [Fact]
    public async Task Write_RestartBetweenTwoCalls_ReconnectsWithoutTheCallerSeeingIt()
    {
        PostgresFixture.SkipUnlessInstalled();
        await using var server = await PostgresServer.Create();
        await using var storage = TestStorage.On(server.ConnectionString);
        await storage.Database.Migrate(default);
        var job = await storage.Jobs.StoreRunning(partitions: 4);
        // Fills the pool.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => storage.Jobs.Find(job.Id, CancellationToken.None)));

        await server.Restart(immediate: true);

        Assert.Equal(4, (await storage.Checkpoints.Begin(job, max: 4)).Count);
    }

    [Fact]
    public async Task Commits_PostgresCrashesInTheMiddle_WhatWasAnsweredIsStored()
    {
        PostgresFixture.SkipUnlessInstalled();
        await using var server = await PostgresServer.Create();
        await using var storage = TestStorage.On(server.ConnectionString);
        await storage.Database.Migrate(default);
        var job = await storage.Jobs.StoreRunning(partitions: 300);
        var running = await storage.Checkpoints.Begin(job, max: 300);
        var some = new TaskCompletionSource();
        var answered = 0;

        var commits = running.Select(partition => Task.Run(async () =>
        {
            try
            {
                var answer = await storage.Checkpoints.Commit(partition);
                if (Interlocked.Increment(ref answered) == 20)
                {
                    some.SetResult();
                }

                return (CommitAnswer?)answer;
            }
            catch (StorageUnavailableException)
            {
                return null;
            }
        })).ToArray();
        await some.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await server.Restart(immediate: true);
        var answers = await Task.WhenAll(commits);

        // Asking again settles each whose fate was unknown, one way or the other.
        var again = await Task.WhenAll(running.Select(partition => storage.Checkpoints.Commit(partition)));
        Assert.All(answers, answer => Assert.NotEqual(CommitAnswer.Fenced, answer));
        Assert.All(again, answer => Assert.Equal(CommitAnswer.Committed, answer));
        var attempts = await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 300, default);
        Assert.All(attempts, row => Assert.Single(row.Attempts));
    }
}
