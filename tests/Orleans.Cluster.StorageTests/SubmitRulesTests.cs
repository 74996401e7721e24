using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>What one caller may ask of a cluster that others use too.</summary>
public sealed class SubmitRulesTests(PostgresFixture postgres)
{
    private static readonly SubmitOrigin Eve = new("key:eve", null, null, AccessRole.Submitter);
    private static readonly SubmitOrigin Ann = new("key:ann", null, null, AccessRole.Submitter);
    private static readonly SubmitOrigin Root = new("key:root", null, null, AccessRole.Admin);
    private static readonly SubmitOrigin Nobody = new(null, null, null, AccessRole.Admin);

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Check_ManyJobsOfOneCaller_RefusesMoreOfItsOwnAlone(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var rules = Rules(storage, new QueueOptions { MaxActiveJobsPerCaller = 2 });
        for (var n = 0; n < 2; n++)
        {
            await storage.Jobs.Create(TestJobs.New(owner: "key:eve"), default);
        }

        await storage.Jobs.Create(TestJobs.New(JobPhase.Succeeded, owner: "key:ann"), default);

        Assert.Equal(Contracts.ProblemCode.QueueFull, (await Assert.ThrowsAsync<ClusterException>(() => Check(rules, Eve))).Code);
        await Check(rules, Ann);
        await Check(rules, Eve with { Role = AccessRole.Admin });
    }

    [Fact]
    public async Task Check_QueueIsFull_LeavesAReserveToAdministrators()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await storage.Jobs.Create(TestJobs.New(owner: "key:ann"), default);
        var rules = Rules(storage, new QueueOptions { MaxActiveJobs = 1 });

        foreach (var refused in (SubmitOrigin[])[Ann, Nobody])
        {
            Assert.Equal(
                Contracts.ProblemCode.QueueFull, (await Assert.ThrowsAsync<ClusterException>(() => Check(rules, refused))).Code);
        }

        await Check(rules, Root);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Check_PartitionsOfOneCallerWait_RefusesMoreOfItsOwnAlone(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        await StoreWaiting(storage, "key:eve", partitions: 7);
        var ended = await StoreWaiting(storage, "key:eve", partitions: 90);
        await storage.Jobs.Apply(
            ended with { Phase = JobPhase.Failed, FinishedAt = TestJobs.Now }, change => change with { CancelWaiting = true });
        var queue = new QueueOptions { MaxWaitingPartitionsPerCaller = 10 };
        var rules = Rules(storage, queue);

        await Check(rules, Eve);
        await rules.TakePartitions(Plan(3), Eve, default);
        var more = await Assert.ThrowsAsync<ClusterException>(() => rules.TakePartitions(Plan(1), Eve, default));
        var atAll = await Assert.ThrowsAsync<ClusterException>(() => Check(rules, Eve));
        var alone = await Assert.ThrowsAsync<ClusterException>(() => rules.TakePartitions(Plan(11), Ann, default));

        Assert.All([more, atAll, alone], refused => Assert.Equal(Contracts.ProblemCode.QuotaExceeded, refused.Code));
        Assert.Equal(
            "The job has 1 partition. 10 partitions of this caller's jobs wait, and a caller may have 10 "
            + "(Queue:MaxWaitingPartitionsPerCaller).",
            more.Message);
        await rules.TakePartitions(Plan(10), Ann, default);
        foreach (var free in (SubmitOrigin[])[Eve with { Role = AccessRole.Admin }, Root, Nobody])
        {
            await Check(rules, free);
            await rules.TakePartitions(Plan(1_000), free, default);
        }
    }

    // All of them look before any of them is stored.
    [Fact]
    public async Task TakePartitions_ManyAtOnce_DoNotAllFindTheSameRoom()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var quota = Quota(storage, new QueueOptions { MaxWaitingPartitionsPerCaller = 10 }, new JobOptions());

        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            try
            {
                await quota.TakePartitions("key:eve", 2, default);
                return 1;
            }
            catch (ClusterException)
            {
                return 0;
            }
        }));

        Assert.Equal(5, taken.Sum());
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Check_ArtifactsOfOneCaller_RefusesMoreOfItsOwnAlone(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var now = DateTimeOffset.UtcNow;
        await StoreUse(storage, JobPhase.Running, 600_000, endedAt: null);
        await StoreUse(storage, JobPhase.Failed, 400_000, now.AddDays(-1));
        await StoreUse(storage, JobPhase.Succeeded, 900_000, now.AddDays(-8));
        var last = await StoreUse(storage, JobPhase.Succeeded, 48_576, now);
        var options = new JobOptions { MaxArtifactBytesPerCaller = 1 << 20 };

        var refused = await Assert.ThrowsAsync<ClusterException>(() =>
            Check(Rules(storage, new QueueOptions(), options), Eve));

        Assert.Equal(Contracts.ProblemCode.QuotaExceeded, refused.Code);
        Assert.Contains("have 1048576 bytes in the artifact store", refused.Message, StringComparison.Ordinal);
        foreach (var free in (SubmitOrigin[])[Ann, Eve with { Role = AccessRole.Admin }, Nobody])
        {
            await Check(Rules(storage, new QueueOptions(), options), free);
        }

        Assert.True(await storage.Jobs.Delete(last, default));
        await Check(Rules(storage, new QueueOptions(), options), Eve);
    }

    private static async Task<JobId> StoreUse(TestStorage storage, JobPhase phase, long bytes, DateTimeOffset? endedAt)
    {
        var stored = (await storage.Jobs.Create(TestJobs.New(owner: "key:eve"), default)).State;
        await storage.Jobs.Apply(stored with { Phase = phase, ArtifactBytes = bytes, FinishedAt = endedAt });
        return stored.Id;
    }

    private static async Task<JobState> StoreWaiting(TestStorage storage, string owner, int partitions)
    {
        var stored = (await storage.Jobs.Create(TestJobs.New(owner: owner), default)).State;
        return await storage.Jobs.Apply(
            stored with { Stages = [new StageState(0, StagePhase.Open, partitions)] },
            change => change with
            {
                OpenPartitions = [.. Enumerable.Range(0, partitions).Select(n => TestJobs.Partition(stored.Id, n))],
            });
    }

    private static JobPlan Plan(int partitions) => new()
    {
        Query = "SELECT 1", Columns = [],
        Datasets = new Dictionary<string, PlannedDataset>
        {
            ["source"] = new()
            {
                Format = SourceFormat.Csv, Columns = [], TotalBytes = partitions,
                Partitions =
                    [.. Enumerable.Range(0, partitions).Select(n => new DataPartition { Index = n, Slices = [], Bytes = 1 })],
            },
        },
        Stages =
        [
            new StagePlan
            {
                Index = 0, Name = "scan", Query = "SELECT 1", Columns = [],
                Inputs = [new StageInput("source", "source", null, InputMode.Partition)],
                Output = new TaskOutput { Kind = OutputKind.Result },
            },
        ],
    };

    [Fact]
    public async Task Check_OverwriteOfAnotherCallersOutput_IsRefusedUnlessOfAnAdministrator()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var earlier = await storage.Jobs.Create(TestJobs.New(JobPhase.Succeeded, owner: "key:ann"), default);
        var rules = Rules(storage, new QueueOptions(), earlier.State.Id, JobId.New());
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert, Output = new OutputSpec { Path = "out", Mode = OutputMode.Overwrite },
        };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => rules.Check(spec, Eve, default));

        Assert.Equal(Contracts.ProblemCode.OutputExists, refused.Code);
        Assert.DoesNotContain(earlier.State.Id.Value, refused.Message, StringComparison.Ordinal);
        await rules.Check(spec, Ann, default);
        await rules.Check(spec, Root, default);
        await rules.Check(spec, Nobody, default);
    }

    [Fact]
    public async Task Check_CriticalPriority_NeedsTheRole()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var spec = new JobSpec { Operation = OperationKind.Convert, Priority = JobPriority.Critical };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Rules(storage, new QueueOptions())
            .Check(spec, Eve, default));

        Assert.Equal(Contracts.ProblemCode.Forbidden, refused.Code);
        await Rules(storage, new QueueOptions()).Check(spec, Root, default);
        await Rules(storage, new QueueOptions { CriticalRole = AccessRole.Submitter }).Check(spec, Eve, default);
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData(30, 30)]
    [InlineData(600, 60)]
    public async Task Check_LongestRun_BoundsTheTimeOfEachJob(int? asked, int given)
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var rules = Rules(storage, new QueueOptions(), new JobOptions { LongestRun = TimeSpan.FromMinutes(1) });

        var accepted = await rules.Check(new JobSpec { Operation = OperationKind.Convert, TimeoutSeconds = asked }, Eve, default);

        Assert.Equal(given, accepted.TimeoutSeconds);
    }

    // Who has to put the queue in order may run what takes long; where there are no keys, everybody is the same caller.
    [Fact]
    public async Task Check_LongestRun_BoundsNoAdministratorsJobAndEachWithoutKeys()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var rules = Rules(storage, new QueueOptions(), new JobOptions { LongestRun = TimeSpan.FromMinutes(1) });
        var spec = new JobSpec { Operation = OperationKind.Convert };

        var administrators = await rules.Check(spec, Root, default);
        var withoutKeys = await rules.Check(spec, Root with { Owner = null }, default);

        Assert.Equal((null, 60), (administrators.TimeoutSeconds, withoutKeys.TimeoutSeconds));
    }

    // Whose job it is, is nobody else's business.
    [Theory, MemberData(nameof(Both))]
    public async Task Create_OutputOfAnotherCallersActiveJob_IsRefusedWithoutItsName(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert, Output = new OutputSpec { Path = "out", Mode = OutputMode.Overwrite },
        };
        var first = await storage.Jobs.Create(TestJobs.New(spec: spec, owner: "key:ann"), default);

        var other = await Assert.ThrowsAsync<ClusterException>(() =>
            storage.Jobs.Create(TestJobs.New(spec: spec, owner: "key:eve"), default));
        var own = await Assert.ThrowsAsync<ClusterException>(() =>
            storage.Jobs.Create(TestJobs.New(spec: spec, owner: "key:ann"), default));

        Assert.Equal((Contracts.ProblemCode.OutputInUse, Contracts.ProblemCode.OutputInUse), (other.Code, own.Code));
        Assert.DoesNotContain(first.State.Id.Value, other.Message, StringComparison.Ordinal);
        Assert.Contains(first.State.Id.Value, own.Message, StringComparison.Ordinal);
    }

    private static Task<JobSpec> Check(SubmitRules rules, SubmitOrigin origin) =>
        rules.Check(new JobSpec { Operation = OperationKind.Aggregate }, origin, default);

    private static SubmitRules Rules(TestStorage storage, QueueOptions queue, params JobId[] inTheFolder) =>
        Rules(storage, queue, new JobOptions(), inTheFolder);

    private static SubmitRules Rules(
        TestStorage storage, QueueOptions queue, JobOptions options, params JobId[] inTheFolder) => new(
        storage.Jobs, new Folder(inTheFolder), new ActiveJobCount(storage.Jobs, TimeProvider.System),
        Quota(storage, queue, options), Options.Create(queue), Options.Create(options));

    private static CallerQuota Quota(TestStorage storage, QueueOptions queue, JobOptions options) => new(
        storage.Jobs, Options.Create(queue), Options.Create(options), Options.Create(new RetentionOptions()),
        TimeProvider.System);

    private sealed class Folder(params JobId[] jobs) : IOutputOwners
    {
        public Task<IReadOnlyList<JobId>> ListJobs(OutputSpec output, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<JobId>>(jobs);
    }
}
