using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
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
        var rules = new SubmitRules(
            storage.Jobs, new Folder(), new ActiveJobCount(storage.Jobs, TimeProvider.System), Options.Create(new QueueOptions()),
            Options.Create(new JobOptions { LongestRun = TimeSpan.FromMinutes(1) }));

        var accepted = await rules.Check(new JobSpec { Operation = OperationKind.Convert, TimeoutSeconds = asked }, Eve, default);

        Assert.Equal(given, accepted.TimeoutSeconds);
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

    private static SubmitRules Rules(TestStorage storage, QueueOptions queue, params JobId[] inTheFolder) => new(
        storage.Jobs, new Folder(inTheFolder), new ActiveJobCount(storage.Jobs, TimeProvider.System), Options.Create(queue),
        Options.Create(new JobOptions()));

    private sealed class Folder(params JobId[] jobs) : IOutputOwners
    {
        public Task<IReadOnlyList<JobId>> ListJobs(OutputSpec output, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<JobId>>(jobs);
    }
}
