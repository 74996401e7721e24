using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class CheckpointStoreTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_ReadyPartitions_TakesLowestOrderFirstWithNextAttempt(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 12);

        var taken = await storage.Checkpoints.Begin(job, max: 3);

        Assert.Equal([0, 1, 2], taken.Select(partition => partition.Task.Partition));
        Assert.All(taken,
            partition =>
            Assert.Equal(
                (1, PartitionState.Running, TestJobs.Worker), (partition.Attempt, partition.State, partition.Worker!.Value)));
        var page = await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 1, default);
        var attempt = Assert.Single(Assert.Single(page).Attempts);
        Assert.Equal((1, AttemptState.Running, TestJobs.Now), (attempt.Id.Number, attempt.State, attempt.StartedAt));
    }

    // However many of a stage are done: they are not among the live ones.
    [Fact]
    public async Task Begin_OfAStage_ReadsTheIndexOfLivePartitionsInItsOrder()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);

        var steps = await storage.Database.Read(
            db => db.Query(
                $"EXPLAIN QUERY PLAN {CheckpointWrites.BeginText(db)}", row => row.GetString(3), default, "job", 0, 0, 1, "w", 1),
            default);

        const string Index = "ix_partitions_live (job_id=? AND stage=? AND state=?)";
        Assert.Contains(steps, step => step.Contains(Index, StringComparison.Ordinal));
        Assert.DoesNotContain(steps, step => step.Contains("ORDER BY", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_SplitPartition_ChildrenKeepTheirParentsPlace(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 0);
        job = await storage.Jobs.Apply(job, change => change with
        {
            OpenPartitions =
            [
                TestJobs.Partition(job.Id, 2), TestJobs.Partition(job.Id, 10), TestJobs.Partition(job.Id, 11, order: "9.1"),
                TestJobs.Partition(job.Id, 12, order: "9.0"),
            ],
        });

        var taken = await storage.Checkpoints.Begin(job, max: 10);

        Assert.Equal(["2", "9.0", "9.1", "10"], taken.Select(partition => partition.Order));
        Assert.Equal(
            ["2", "9.0", "9.1", "10"],
            (await storage.Checkpoints.List(job.Id, null, default)).Select(partition => partition.Order));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_ManyWorkersAtOnce_NoPartitionIsHandedOutTwice(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var other = storage.AddProcess();
        var job = await storage.Jobs.StoreRunning(partitions: 100);
        var stores = new[] { storage.Checkpoints, (ICheckpointStore)other.GetService(typeof(ICheckpointStore))! };

        var taken = await Task.WhenAll(Enumerable.Range(0, 60).Select(n =>
            Task.Run(() => stores[n % 2].Begin(job, max: 3, new WorkerId($"w-{n}")))));

        var tasks = taken.SelectMany(partitions => partitions).ToList();
        Assert.All(tasks, partition => Assert.Equal(1, partition.Attempt));
        Assert.Equal(100, tasks.Select(partition => partition.Task).Distinct().Count());
        Assert.Equal(100, tasks.Count);
        Assert.Equal(100, (await storage.Checkpoints.ListHolders(default)).Values.Sum());
    }

    [Theory, MemberData(nameof(Both))]
    public async Task BeginGang_AllAreReady_BeginsAllAtOneTime(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 3);

        var begun = await storage.Checkpoints.BeginGang(
            Gang(job, (TestJobs.Worker, 2), (TestJobs.OtherWorker, 1)), TestJobs.Now, default);

        Assert.Equal(
            [(TestJobs.Worker, 0, 1), (TestJobs.Worker, 1, 1), (TestJobs.OtherWorker, 2, 1)],
            begun.Select(item => (item.Worker, item.Attempt.Task.Partition, item.Attempt.Number)));
        Assert.Equal(
            (2, 1), ((await storage.Checkpoints.ListHeld(TestJobs.Worker, default)).Count,
                (await storage.Checkpoints.ListHeld(TestJobs.OtherWorker, default)).Count));
        Assert.All(await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 10, default),
            row => Assert.Equal(TestJobs.Now, Assert.Single(row.Attempts).StartedAt));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task BeginGang_NotAllOfIt_BeginsNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 3);

        var fewerThanWait = await storage.Checkpoints.BeginGang(Gang(job, (TestJobs.Worker, 2)), TestJobs.Now, default);
        var moreThanWait = await storage.Checkpoints.BeginGang(
            Gang(job, (TestJobs.Worker, 2), (TestJobs.OtherWorker, 2)), TestJobs.Now, default);
        await storage.Checkpoints.Begin(job, max: 1);
        var oneRuns = await storage.Checkpoints.BeginGang(Gang(job, (TestJobs.Worker, 2)), TestJobs.Now, default);
        var otherEpoch = await storage.Checkpoints.BeginGang(
            Gang(job with { Epoch = 2 }, (TestJobs.Worker, 3)), TestJobs.Now, default);

        Assert.Equal([0, 0, 0, 0], new[] { fewerThanWait, moreThanWait, oneRuns, otherEpoch }.Select(begun => begun.Count));
        Assert.Single(await storage.Checkpoints.ListHeld(TestJobs.Worker, default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_JobNotRunningOrOtherEpoch_TakesNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);

        var otherEpoch = await storage.Checkpoints.Begin(job with { Epoch = 2 }, max: 1);
        await storage.Jobs.Apply(job with { Phase = JobPhase.Cancelling });
        var cancelling = await storage.Checkpoints.Begin(job, max: 1);

        Assert.Empty(otherEpoch);
        Assert.Empty(cancelling);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_NotBeforeInFuture_WaitsForIt(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var failed = (await storage.Checkpoints.Begin(job, max: 1))[0];
        await storage.Checkpoints.End(failed, FailureKind.Storage);
        var due = TestJobs.Now.AddSeconds(5);
        job = await storage.Jobs.Apply(job, change => change with
        {
            PartitionChanges = [new PartitionChange(failed.Task, 1, PartitionState.Failed, PartitionState.Waiting, due)],
        });

        var early = await storage.Checkpoints.Begin(job, max: 1, now: due.AddMilliseconds(-1));
        var backlog = (await storage.Jobs.ListActive(TestJobs.Now, default))[0].Stages[0];
        var late = await storage.Checkpoints.Begin(job, max: 1, now: due);

        Assert.Empty(early);
        Assert.Equal((0, 1, 0, due), (backlog.Ready, backlog.BackingOff, backlog.Running, backlog.NextReadyAt!.Value));
        Assert.Equal((2, 1), (Assert.Single(late).Attempt, late[0].Faults));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Commit_CurrentAttempt_CountsOnceAndAgainWhenItsAnswerWasLost(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var partition = (await storage.Checkpoints.Begin(job, max: 1))[0];

        var first = await storage.Checkpoints.Commit(partition);
        await storage.Jobs.Apply(job with { Phase = JobPhase.Publishing });
        var again = await storage.Checkpoints.Commit(partition);

        Assert.Equal(CommitAnswer.Committed, first);
        Assert.Equal(CommitAnswer.Committed, again);
        var stored = (await storage.Checkpoints.List(job.Id, 0, default))[0];
        Assert.Equal((PartitionState.Committed, $"{job.Id}/0/0/1"), (stored.State, stored.ArtifactFolder));
        Assert.Equal(TestJobs.Committing(partition, 1, TestJobs.Worker).Manifest.Files, stored.Manifest!.Files);
        Assert.Equal(
            new StageTally(
                0, 2, 1, 0, 1, 0, 0, 0, BytesTotal: 200, BytesDone: 100, RowsIn: 10, RowsOut: 4, BytesOut: 55,
                QuarantinedRows: 1),
            Assert.Single(await storage.Checkpoints.Tally(job.Id, default)));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Commit_ReplacedAttempt_IsFenced(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var frozen = (await storage.Checkpoints.Begin(job, max: 1))[0];
        await storage.Checkpoints.ReleaseWorker(TestJobs.Worker, TestJobs.Now, default);

        var released = await storage.Checkpoints.Commit(frozen);
        var current = (await storage.Checkpoints.Begin(job, max: 1, TestJobs.OtherWorker))[0];
        var replaced = await storage.Checkpoints.Commit(frozen);
        var committed = await storage.Checkpoints.Commit(current, worker: TestJobs.OtherWorker);
        var late = await storage.Checkpoints.Commit(frozen);

        Assert.Equal(
            [CommitAnswer.Fenced, CommitAnswer.Fenced, CommitAnswer.Committed, CommitAnswer.Fenced],
            [released, replaced, committed, late]);
        Assert.Equal($"{job.Id}/0/0/2", (await storage.Checkpoints.List(job.Id, 0, default))[0].ArtifactFolder);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Commit_WhileJobIsCancelled_CountsBeforeOrNotAtAll(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        for (var round = 0; round < 20; round++)
        {
            var job = await storage.Jobs.StoreRunning(partitions: 8);
            var running = await storage.Checkpoints.Begin(job, max: 8);

            var commits = running.Select(partition => Task.Run(() => storage.Checkpoints.Commit(partition))).ToArray();
            var cancel = Task.Run(() => storage.Jobs.Apply(
                job with { Phase = JobPhase.Failed }, change => change with { CancelWaiting = true, CancelRunning = true }));
            await Task.WhenAll([.. commits, cancel]);

            // What was answered is what is stored: no commit after the job had ended, none undone by its end.
            var stored = await storage.Checkpoints.List(job.Id, 0, default);
            Assert.Equal(
                commits.Select(commit => commit.Result == CommitAnswer.Committed
                    ? PartitionState.Committed
                    : PartitionState.Cancelled),
                stored.Select(partition => partition.State));
        }
    }

    [Theory, MemberData(nameof(Both))]
    public async Task End_KindOfFailure_DecidesStateAndCounts(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 4);
        var running = await storage.Checkpoints.Begin(job, max: 4);
        var kinds = new[] { FailureKind.ExecutorCrashed, FailureKind.OutOfMemory, FailureKind.WorkerLost, FailureKind.Cancelled };

        foreach (var (partition, kind) in running.Zip(kinds))
        {
            Assert.True(await storage.Checkpoints.End(partition, kind));
        }

        var stored = await storage.Checkpoints.List(job.Id, 0, default);
        Assert.Equal(
            [
                (PartitionState.Failed, 1, 1), (PartitionState.Failed, 1, 0), (PartitionState.Waiting, 0, 0),
                (PartitionState.Waiting, 0, 0),
            ],
            stored.Select(partition => (partition.State, partition.Faults, partition.Crashes)));
        Assert.Equal(kinds, stored.Select(partition => partition.Failure!.Kind));
        Assert.Equal(
            [0, 1], (await storage.Checkpoints.ListFailed(job.Id, default)).Select(partition => partition.Task.Partition));
        var attempts = (await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 10, default))
            .Select(row => Assert.Single(row.Attempts));
        Assert.Equal(
            [AttemptState.Failed, AttemptState.Failed, AttemptState.Lost, AttemptState.Cancelled],
            attempts.Select(attempt => attempt.State));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task End_WhileJobIsCancelled_CancelsThePartition(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var running = await storage.Checkpoints.Begin(job, max: 2);
        await storage.Jobs.Apply(job with { Phase = JobPhase.Cancelling }, change => change with { CancelWaiting = true });

        await storage.Checkpoints.End(running[0], FailureKind.Cancelled);
        await storage.Checkpoints.ReleaseWorker(TestJobs.Worker, TestJobs.Now, default);

        Assert.All(await storage.Checkpoints.List(job.Id, 0, default),
            partition => Assert.Equal(PartitionState.Cancelled, partition.State));
        Assert.Empty(await storage.Checkpoints.ListRunning(job.Id, default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task End_AfterRelease_EndsNothingAndKeepsTheFirstReason(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var partition = (await storage.Checkpoints.Begin(job, max: 1))[0];
        await storage.Checkpoints.ReleaseWorker(TestJobs.Worker, TestJobs.Now, default);

        var late = await storage.Checkpoints.End(partition, FailureKind.ExecutorCrashed);

        Assert.False(late);
        var (stored, attempts) = (await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 10, default))[0];
        Assert.Equal((PartitionState.Waiting, 0, 0), (stored.State, stored.Faults, stored.Crashes));
        Assert.Equal(AttemptState.Lost, Assert.Single(attempts).State);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ListWithAttempts_Pages_CoverEachPartitionOnce(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 7);
        job = await storage.Jobs.Apply(job, change => change with
        {
            OpenPartitions = [TestJobs.Partition(job.Id, 0, stage: 1), TestJobs.Partition(job.Id, 1, stage: 1)],
        });
        await storage.Checkpoints.Begin(job, max: 7);

        var seen = new List<(int, int)>();
        (int, int)? after = null;
        while (await storage.Checkpoints.ListWithAttempts(job.Id, null, after, 4, default) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(row => (row.Partition.Task.Stage, row.Partition.Task.Partition)));
            Assert.All(page, row => Assert.Equal(row.Partition.Task.Stage == 0 ? 1 : 0, row.Attempts.Count));
            after = seen[^1];
        }

        Assert.Equal([(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (1, 0), (1, 1)], seen);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ListNeededFolders_RunningAndCommitted_AreNeeded(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 4);
        var running = await storage.Checkpoints.Begin(job, max: 3);
        await storage.Checkpoints.Commit(running[0]);
        await storage.Checkpoints.End(running[1], FailureKind.Storage);

        var needed = await storage.Checkpoints.ListNeededFolders(job.Id, default);

        Assert.Equal([$"{job.Id}/0/0/1", $"{job.Id}/0/2/1"], needed.Order());
    }

    private static GangBegin Gang(JobState job, params (WorkerId Worker, int Count)[] workers) =>
        new(1, job.Id, job.Epoch, Stage: 0, workers);
}
