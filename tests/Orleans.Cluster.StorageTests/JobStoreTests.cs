using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class JobStoreTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Create_Job_IsReadBackAsItWas(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var spec = new JobSpec
        {
            Name = "by gene",
            Operation = OperationKind.Aggregate,
            Priority = JobPriority.High,
            Parameters = System.Text.Json.JsonDocument.Parse("""{"groupBy":["gene"]}""").RootElement,
            Callback = new CallbackSpec { Url = "http://127.0.0.1:9/hook", Secret = "s3cret" },
            Labels = new Dictionary<string, string> { ["project"] = "atlas" },
        };
        var job = TestJobs.New(spec: spec, owner: "ada") with { Plan = Plan() };

        var created = await storage.Jobs.Create(job, default);
        var found = await storage.Jobs.Find(job.State.Id, default);

        Assert.Equal(Json(job.State), Json(created.State));
        Assert.Equal(
            (Json(job.State), Json(spec), "ada", true), (Json(found!.State), Json(found.Spec), found.Owner, found.HasPlan));
        Assert.Equal(Json(Plan()), Json(await storage.Jobs.FindPlan(job.State.Id, default)));
        var entry = Assert.Single(await storage.Jobs.ListHistory(job.State.Id, default));
        Assert.Equal((1, JobPhase.Queued, 1, TestJobs.Now), (entry.Sequence, entry.Phase, entry.Revision, entry.At));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_ManyWithOneRevision_OneWins(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var other = (IJobStore)storage.AddProcess().GetService(typeof(IJobStore))!;
        var job = (await storage.Jobs.Create(TestJobs.New(), default)).State;
        var stores = new[] { storage.Jobs, other };

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => stores[n % 2].TryApply(
            new JobChange
            {
                ExpectedRevision = 1,
                State = job with { Revision = 2, Phase = JobPhase.Planning, Notes = [$"{n}"] },
                OpenPartitions = [TestJobs.Partition(job.Id, n)],
            },
            CancellationToken.None))));

        Assert.Single(answers, true);
        var winner = Array.IndexOf(answers, true);
        var stored = await storage.Jobs.Find(job.Id, default);
        Assert.Equal([$"{winner}"], stored!.State.Notes);
        Assert.Equal(winner, Assert.Single(await storage.Checkpoints.List(job.Id, null, default)).Task.Partition);
        Assert.Equal(2, (await storage.Jobs.ListHistory(job.Id, default)).Count);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_PhaseChanges_WritesHistoryInOrderAndNoneOtherwise(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = (await storage.Jobs.Create(TestJobs.New(), default)).State;

        job = await storage.Jobs.Apply(job with { Phase = JobPhase.Planning }, change => change with { Plan = Plan() });
        job = await storage.Jobs.Apply(job with { QuarantinedRows = 3 });
        await storage.Jobs.Apply(job with { Phase = JobPhase.Failed }, change => change with { HistoryDetail = "why" });

        var history = await storage.Jobs.ListHistory(job.Id, default);
        Assert.Equal(
            [(1, JobPhase.Queued, 1, null), (2, JobPhase.Planning, 2, null), (3, JobPhase.Failed, 4, "why")],
            history.Select(entry => (entry.Sequence, entry.Phase, entry.Revision, entry.Detail)));
        Assert.True((await storage.Jobs.Find(job.Id, default))!.HasPlan);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_OpenAgain_KeepsRowsThatAreThere(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        await storage.Checkpoints.Begin(job, max: 1);

        await storage.Jobs.Apply(job, change => change with
        {
            OpenPartitions = [.. Enumerable.Range(0, 4).Select(n => TestJobs.Partition(job.Id, n))],
        });

        var stored = await storage.Checkpoints.List(job.Id, null, default);
        Assert.Equal([1, 0, 0, 0], stored.Select(partition => partition.Attempt));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_PartitionChangeThatNoLongerFits_IsLeftOut(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var running = await storage.Checkpoints.Begin(job, max: 2);
        await storage.Checkpoints.End(running[0], FailureKind.OutOfMemory);
        await storage.Checkpoints.End(running[1], FailureKind.OutOfMemory);

        await storage.Jobs.Apply(job, change => change with
        {
            PartitionChanges =
            [
                new PartitionChange(running[0].Task, 1, PartitionState.Failed, PartitionState.Split, null),
                new PartitionChange(running[1].Task, 2, PartitionState.Failed, PartitionState.Waiting, null),
            ],
            OpenPartitions = [TestJobs.Partition(job.Id, 2, order: "0.0"), TestJobs.Partition(job.Id, 3, order: "0.1")],
        });

        var stored = await storage.Checkpoints.List(job.Id, null, default);
        Assert.Equal(
            [("0", PartitionState.Split), ("0.0", PartitionState.Waiting), ("0.1", PartitionState.Waiting),
                ("1", PartitionState.Failed)],
            stored.Select(partition => (partition.Order, partition.State)));
        Assert.Equal(3, Assert.Single(await storage.Checkpoints.Tally(job.Id, default)).Total);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_RetryAfterFailure_ResetsWhatDidNotCommitAndShutsTheOldEpochOut(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 4);
        var running = await storage.Checkpoints.Begin(job, max: 3);
        await storage.Checkpoints.Commit(running[0]);
        await storage.Checkpoints.End(running[1], FailureKind.BadData);
        job = await storage.Jobs.Apply(
            job with { Phase = JobPhase.Failed }, change => change with { CancelWaiting = true, CancelRunning = true });
        job = await storage.Jobs.Apply(
            job with { Phase = JobPhase.Queued, Epoch = 2 }, change => change with { ResetUnfinished = true });
        job = await storage.Jobs.Apply(job with { Phase = JobPhase.Running });

        var lateCommit = await storage.Checkpoints.Commit(running[2], epoch: 1);
        var lateBegin = await storage.Checkpoints.Begin(job with { Epoch = 1 }, max: 4);
        var begun = await storage.Checkpoints.Begin(job, max: 4);

        Assert.Equal(CommitAnswer.Fenced, lateCommit);
        Assert.Empty(lateBegin);
        Assert.Equal([(1, 2, 0), (2, 2, 0), (3, 1, 0)], begun.Select(row => (row.Task.Partition, row.Attempt, row.Faults)));
        Assert.All(begun, row => Assert.Equal(2, row.Epoch));
        Assert.Equal(PartitionState.Committed, (await storage.Checkpoints.List(job.Id, 0, default))[0].State);
        var attempts = (await storage.Checkpoints.ListWithAttempts(job.Id, 0, null, 10, default))[2].Attempts;
        Assert.Equal([AttemptState.Cancelled, AttemptState.Running], attempts.Select(attempt => attempt.State));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task TryApply_DropPlan_StartsFromNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        job = await storage.Jobs.Apply(job, change => change with { Plan = Plan() });
        await storage.Checkpoints.Begin(job, max: 1);
        job = await storage.Jobs.Apply(job with { Phase = JobPhase.Failed }, change => change with { CancelRunning = true });

        await storage.Jobs.Apply(
            job with { Phase = JobPhase.Queued, Epoch = 2 },
            change => change with { DropPlan = true, Plan = Plan(), OpenPartitions = [TestJobs.Partition(job.Id, 0)] });

        Assert.Equal(1, (await storage.Jobs.Find(job.Id, default))!.State.AttemptsBefore);

        var (partition, attempts) = Assert.Single(await storage.Checkpoints.ListWithAttempts(job.Id, null, null, 10, default));
        Assert.Equal((PartitionState.Waiting, 0), (partition.State, partition.Attempt));
        Assert.Empty(attempts);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ListActive_OnlyJobsThatHaveNotEnded_WithWhatWaitsAndRuns(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = await storage.Jobs.StoreRunning(partitions: 5);
        await storage.Checkpoints.Begin(first, max: 2);
        var spec = new JobSpec
        {
            Operation = OperationKind.Sort, Priority = JobPriority.Critical, Gang = true, DependsOn = [first.Id, JobId.New()],
            Resources = new ResourceRequest { Cpu = 2, MemoryBytes = 1 << 20, Gpu = 1 },
        };
        var second = TestJobs.New(spec: spec, createdAt: TestJobs.Now.AddSeconds(1), owner: "ada");
        await storage.Jobs.Create(second, default);
        var ended = await storage.Jobs.StoreRunning(partitions: 3);
        await storage.Jobs.Apply(ended with { Phase = JobPhase.Failed }, change => change with { CancelWaiting = true });

        var active = await storage.Jobs.ListActive(TestJobs.Now, default);

        Assert.Equal([first.Id, second.State.Id], active.Select(job => job.Id));
        Assert.Equal(
            (0, 3, 0, 2),
            (active[0].Stages[0].Stage, active[0].Stages[0].Ready, active[0].Stages[0].BackingOff, active[0].Stages[0].Running));
        Assert.Equal(
            (JobPhase.Queued, JobPriority.Critical, true, "ada"),
            (active[1].Phase, active[1].Priority, active[1].Gang, active[1].Owner));
        Assert.Equal(spec.DependsOn, active[1].DependsOn);
        Assert.Equal(spec.Resources, active[1].Resources);
        Assert.Empty(active[1].Stages);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task List_Pages_AreNewestFirstWithoutGapOrRepeat(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var ids = new List<JobId>();
        for (var n = 0; n < 7; n++)
        {
            ids.Add((await storage.Jobs.Create(TestJobs.New(createdAt: TestJobs.Now.AddSeconds(n)), default)).State.Id);
        }

        var seen = new List<JobId>();
        JobId? before = null;
        do
        {
            var page = await storage.Jobs.List(new JobFilter { PageSize = 3, Before = before }, default);
            seen.AddRange(page.Jobs.Select(job => job.State.Id));
            before = page.Next;
        }
        while (before is not null);

        ids.Reverse();
        Assert.Equal(ids, seen);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task List_EachFilter_NarrowsTheList(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var spec = new JobSpec
        {
            Operation = OperationKind.Sort, Priority = JobPriority.High,
            Labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" },
        };
        var wanted = await storage.Jobs.Create(TestJobs.New(JobPhase.Planning, spec: spec, owner: "ada"), default);
        var plain = new JobSpec { Operation = OperationKind.Filter, Labels = new Dictionary<string, string> { ["a"] = "1" } };
        await storage.Jobs.Create(TestJobs.New(spec: plain, createdAt: TestJobs.Now.AddSeconds(-5)), default);
        var filters = new JobFilter[]
        {
            new() { Phases = [JobPhase.Planning, JobPhase.Failed] },
            new() { Priority = JobPriority.High },
            new() { Operation = OperationKind.Sort },
            new() { Owner = "ada" },
            new() { CreatedAfter = TestJobs.Now },
            new() { Labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } },
        };

        foreach (var filter in filters)
        {
            Assert.Equal(wanted.State.Id, Assert.Single((await storage.Jobs.List(filter, default)).Jobs).State.Id);
        }

        Assert.Equal(
            2, (await storage.Jobs.List(
                new JobFilter { Labels = new Dictionary<string, string> { ["a"] = "1" } }, default)).Jobs.Count);
        var earlier = Assert.Single((await storage.Jobs.List(new JobFilter { CreatedBefore = TestJobs.Now }, default)).Jobs);
        Assert.Equal(OperationKind.Filter, earlier.Spec.Operation);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task ListActive_OfSomeJobs_SaysWhatTheListOfAllSays(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = await storage.Jobs.StoreRunning(partitions: 3);
        var second = await storage.Jobs.StoreRunning(partitions: 2);
        var ended = await storage.Jobs.StoreRunning(partitions: 1);
        await storage.Jobs.Apply(ended with { Phase = JobPhase.Failed });
        await storage.Checkpoints.Begin(first, max: 2);

        var all = await storage.Jobs.ListActive(TestJobs.Now, default);
        var some = await storage.Jobs.ListActive([second.Id, ended.Id, first.Id], TestJobs.Now, default);

        JobId[] expected = [first.Id, second.Id];
        Assert.Equal(expected.Order(), some.Select(job => job.Id));
        Assert.All(some.Zip(all), pair => Assert.True(pair.First.IsAs(pair.Second), $"{pair.First} is not {pair.Second}."));
        Assert.Equal(new StageBacklog(0, 1, 0, 2, null), some.Single(job => job.Id == first.Id).Stages[0]);
        Assert.Empty(await storage.Jobs.ListActive([], TestJobs.Now, default));
        Assert.Equal(2, await storage.Jobs.CountActive(default));
    }

    // Commits of a hot job overlap without a break: a change waits for those that were before it, and those after wait for the
    // change.
    [Fact]
    public async Task TryApply_WhileCommitsOverlap_IsNotPassedByThoseThatComeAfter()
    {
        await using var storage = await TestStorage.Create(Database.Postgres, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var (held, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = storage.Database.Write(
            async db =>
            {
                await HoldShared(db, job.Id);
                held.SetResult();
                await release.Task;
                return 0;
            },
            0, default);
        await held.Task;
        var change = Task.Run(() => storage.Jobs.Apply(job with { Phase = JobPhase.Publishing }));
        await Waiting(storage, 1);

        var after = Task.Run(() => storage.Database.Write(db => HoldShared(db, job.Id), 0, default));
        await Waiting(storage, 2);

        Assert.False(change.IsCompleted || after.IsCompleted);
        release.SetResult();
        await Task.WhenAll(first, change, after);
        Assert.Equal((int)JobPhase.Publishing, await after);
    }

    private static Task<int> HoldShared(ClusterDbContext db, JobId job)
    {
        var sql = $"SELECT phase AS \"Value\" {db.FromJobShared} WHERE id = {{0}}{db.ForShare}";
        return db.Database.SqlQueryRaw<int>(sql, job.Value).SingleAsync();
    }

    // Until so many transactions of this database wait for a lock.
    private static async Task Waiting(TestStorage storage, int count)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(60); ; await Task.Delay(20))
        {
            var waiting = await storage.Database.Read(
                db => db.Database.SqlQueryRaw<int>(
                    """
                    SELECT CAST(count(*) AS INTEGER) AS "Value" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """).SingleAsync(),
                default);
            if (waiting >= count)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, $"{waiting} of {count} transactions wait for a lock.");
        }
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Begin_JobIsStillQueued_TakesItsPartitions(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        job = await storage.Jobs.Apply(job with { Phase = JobPhase.Queued });

        var begun = await storage.Checkpoints.Begin(job, max: 1);
        var committed = await storage.Checkpoints.Commit(begun[0]);

        Assert.Equal(CommitAnswer.Committed, committed);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task FindPhases_SomeUnknown_AnswersTheKnown(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 0);

        var phases = await storage.Jobs.FindPhases([job.Id, JobId.New()], default);

        Assert.Equal(new Dictionary<JobId, JobPhase> { [job.Id] = JobPhase.Running }, phases);
    }

    private static JobPlan Plan() => new()
    {
        Datasets = new Dictionary<string, PlannedDataset>(), Stages = [],
        Columns = [new ColumnSchema("n", "BIGINT")], Query = "SELECT 1 AS n",
    };

    private static string Json<T>(T value) => System.Text.Json.JsonSerializer.Serialize(value, WireJson.Options);
}
