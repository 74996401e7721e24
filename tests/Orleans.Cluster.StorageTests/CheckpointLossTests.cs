using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>Attempts and artifacts that are lost.</summary>
public sealed class CheckpointLossTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Release_OtherAttemptOrWorker_LeavesThem(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 3);
        var mine = await storage.Checkpoints.Begin(job, max: 2);
        var others = await storage.Checkpoints.Begin(job, max: 1, TestJobs.OtherWorker);
        var asked = new[] { TestJobs.AttemptOf(mine[0]), new AttemptId(mine[1].Task, 7), TestJobs.AttemptOf(others[0]) };

        var released = await storage.Checkpoints.Release(new WorkerRelease(TestJobs.Worker, asked, TestJobs.Now), default);

        Assert.Equal([asked[0]], released);
        Assert.Equal([TestJobs.AttemptOf(mine[1])], await storage.Checkpoints.ListHeld(TestJobs.Worker, default));
        Assert.Equal(1, (await storage.Checkpoints.ListHolders(default))[TestJobs.OtherWorker]);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Release_WorkersThatDiedWithIt_EndInADecisionOfTheJob(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var (now, pauses) = (TestJobs.Now, new List<TimeSpan>());
        for (var death = 1; death <= RetryPolicy.MaxDeaths; death++)
        {
            var worker = new WorkerId($"w-{death}");
            var begun = Assert.Single(await storage.Checkpoints.Begin(job, max: 1, worker, now));
            await storage.Checkpoints.Release(
                new WorkerRelease(worker, [TestJobs.AttemptOf(begun)], now, HasDied: true), default);
            var stored = (await storage.Checkpoints.Find(begun.Task, default))!;
            pauses.Add((stored.NotBefore ?? now) - now);
            now += TimeSpan.FromMinutes(5);
        }

        var last = Assert.Single(await storage.Checkpoints.ListFailed(job.Id, default));

        Assert.Equal(TimeSpan.Zero, pauses[0]);
        Assert.True(pauses[1] < pauses[2] && pauses[2] < pauses[3], string.Join(", ", pauses));
        Assert.Contains(
            $"{RetryPolicy.MaxDeaths} workers", RetryPolicy.Verdict(last, new RetrySpec())?.Detail, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Release_WorkersThatWereSilent_NeverCount(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        for (var loss = 0; loss < 2 * RetryPolicy.MaxDeaths; loss++)
        {
            var begun = Assert.Single(await storage.Checkpoints.Begin(job, max: 1));
            await storage.Checkpoints.Release(
                new WorkerRelease(TestJobs.Worker, [TestJobs.AttemptOf(begun)], TestJobs.Now), default);
        }

        Assert.Single(await storage.Checkpoints.Begin(job, max: 1));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Invalidate_AgainAndAgain_EndsInADecisionOfTheJobAndARetryCountsAnew(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        for (var loss = 0; loss < RetryPolicy.MaxLosses; loss++)
        {
            var begun = Assert.Single(await storage.Checkpoints.Begin(job, max: 1));
            await storage.Checkpoints.Commit(begun);
            Assert.True(await storage.Checkpoints.Invalidate(TestJobs.AttemptOf(begun), "gone", TestJobs.Now, default));
        }

        var last = Assert.Single(await storage.Checkpoints.ListFailed(job.Id, default));
        await storage.Jobs.Apply(job with { Epoch = 2 }, change => change with { ResetUnfinished = true });
        var again = (await storage.Checkpoints.Find(last.Task, default))!;

        Assert.Contains(
            $"lost {RetryPolicy.MaxLosses} times", RetryPolicy.Verdict(last, new RetrySpec())?.Detail, StringComparison.Ordinal);
        Assert.Equal((PartitionState.Waiting, 0), (again.State, again.Losses));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ReleaseWorker_WhileItCommits_EachAttemptEndsOneWay(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 40);
        var running = await storage.Checkpoints.Begin(job, max: 40);

        var commits = running.Select(partition => Task.Run(() => storage.Checkpoints.Commit(partition))).ToArray();
        var releases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            Task.Run(() => storage.Checkpoints.ReleaseWorker(TestJobs.Worker, TestJobs.Now, default))));
        await Task.WhenAll(commits);

        var committed = commits.Count(commit => commit.Result == CommitAnswer.Committed);
        Assert.Equal(40 - committed, releases.Sum(release => release.Count));
        var tally = Assert.Single(await storage.Checkpoints.Tally(job.Id, default));
        Assert.Equal((committed, 40 - committed, 0), (tally.Committed, tally.Waiting, tally.Running));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Invalidate_CommittedAttempt_RunsAgainOnceAndForgetsTheArtifact(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var partition = (await storage.Checkpoints.Begin(job, max: 1))[0];
        await storage.Checkpoints.Commit(partition);
        var attempt = TestJobs.AttemptOf(partition);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ =>
            Task.Run(() => storage.Checkpoints.Invalidate(attempt, "sha256 differs", TestJobs.Now, default))));
        var lateCommit = await storage.Checkpoints.Commit(partition);
        var again = await storage.Checkpoints.Begin(job, max: 1);

        Assert.Single(answers, true);
        Assert.Equal(CommitAnswer.Fenced, lateCommit);
        Assert.Equal((2, 0, null, null), (again[0].Attempt, again[0].Faults, again[0].Manifest, again[0].ArtifactFolder));
        Assert.Equal(0, (await storage.Checkpoints.Tally(job.Id, default))[0].RowsIn);
    }

    // A worker that stood still until its job had ended finds the exchanges of that job swept, and believes them lost.
    [Theory, MemberData(nameof(Both))]
    public async Task Invalidate_AfterTheJobHasEnded_ChangesNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var partition = (await storage.Checkpoints.Begin(job, max: 1))[0];
        await storage.Checkpoints.Commit(partition);
        var ended = await storage.Jobs.Apply(job with { Phase = JobPhase.Publishing });
        await storage.Jobs.Apply(ended with { Phase = JobPhase.Succeeded, FinishedAt = TestJobs.Now });

        var invalidated = await storage.Checkpoints.Invalidate(TestJobs.AttemptOf(partition), "gone", TestJobs.Now, default);

        Assert.False(invalidated);
        Assert.Equal(PartitionState.Committed, Assert.Single(await storage.Checkpoints.List(job.Id, null, default)).State);
    }
}
