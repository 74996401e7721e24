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

/// <summary>Creating jobs: keys, and the claim of an output folder.</summary>
public sealed class JobCreationTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Create_SameIdAgain_AnswersTheStoredJob(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var job = TestJobs.New();
        await storage.Jobs.Create(job, default);
        await storage.Jobs.Apply(job.State with { Phase = JobPhase.Planning });

        var again = await storage.Jobs.Create(job, default);

        Assert.Equal((JobPhase.Planning, 2), (again.State.Phase, again.State.Revision));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_ThousandTimesWithOneKey_StoresOneJob(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);

        var created = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ =>
            Task.Run(() => storage.Jobs.Create(TestJobs.New(key: "k-1", hash: "h"), CancellationToken.None))));

        var id = Assert.Single(created.Select(job => job.State.Id).Distinct());
        var stored = Assert.Single((await storage.Jobs.List(new JobFilter(), default)).Jobs);
        Assert.Equal(id, stored.State.Id);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_KeyWithOtherRequest_IsRefusedAndStoresNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        await storage.Jobs.Create(TestJobs.New(key: "k", hash: "one"), default);

        var refusal = await Assert.ThrowsAsync<ClusterException>(
            () => storage.Jobs.Create(TestJobs.New(key: "k", hash: "two"), CancellationToken.None));
        var ofOther = await storage.Jobs.Create(TestJobs.New(key: "k", hash: "two", owner: "bob"), default);

        Assert.Equal(Contracts.ProblemCode.IdempotencyKeyReused, refusal.Code);
        Assert.Equal(2, (await storage.Jobs.List(new JobFilter(), default)).Jobs.Count);
        Assert.Equal("bob", ofOther.Owner);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_OutputOfAnActiveJob_IsRefusedUntilThatHasEnded(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = await storage.Jobs.Create(TestJobs.New(spec: To("out")), default);
        var absolute = Path.GetFullPath("out") + Path.DirectorySeparatorChar;

        var refusal = await Assert.ThrowsAsync<ClusterException>(
            () => storage.Jobs.Create(TestJobs.New(spec: To(absolute)), CancellationToken.None));
        await storage.Jobs.Create(TestJobs.New(spec: To("out", OutputMode.Append)), default);
        await storage.Jobs.Create(TestJobs.New(spec: To("elsewhere")), default);
        var ended = await storage.Jobs.Apply(first.State with { Phase = JobPhase.Failed });
        await storage.Jobs.Create(TestJobs.New(spec: To("out", OutputMode.Overwrite)), default);
        var again = await Assert.ThrowsAsync<ClusterException>(() => storage.Jobs.Apply(ended with { Phase = JobPhase.Queued }));

        Assert.Equal((Contracts.ProblemCode.OutputInUse, Contracts.ProblemCode.OutputInUse), (refusal.Code, again.Code));
        Assert.Contains(first.State.Id.Value, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(4, (await storage.Jobs.List(new JobFilter(), default)).Jobs.Count);
        Assert.Equal(JobPhase.Failed, (await storage.Jobs.Find(first.State.Id, default))!.State.Phase);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_ManyForOneOutputAtOnce_OneGetsIt(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);

        var stored = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            try
            {
                return await storage.Jobs.Create(TestJobs.New(spec: To("out")), CancellationToken.None);
            }
            catch (ClusterException refusal) when (refusal.Code == Contracts.ProblemCode.OutputInUse)
            {
                return null;
            }
        })));

        Assert.Single(stored, job => job is not null);
    }

    private static JobSpec To(string path, OutputMode mode = OutputMode.ErrorIfExists) =>
        new() { Operation = OperationKind.Aggregate, Output = new OutputSpec { Path = path, Mode = mode } };

    [Theory, MemberData(nameof(Both))]
    public async Task Create_KeyOlderThanADay_IsNewAgain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = await storage.Jobs.Create(TestJobs.New(key: "k", hash: "one"), default);
        var almost = TestJobs.New(key: "k", hash: "one", createdAt: TestJobs.Now.AddHours(24).AddMilliseconds(-1));
        var after = TestJobs.New(key: "k", hash: "two", createdAt: TestJobs.Now.AddHours(24));

        var known = await storage.Jobs.Create(almost, default);
        var fresh = await storage.Jobs.Create(after, default);

        Assert.Equal(first.State.Id, known.State.Id);
        Assert.Equal(after.State.Id, fresh.State.Id);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_KeyOfDeletedJob_IsNewAgain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = (await storage.Jobs.Create(TestJobs.New(key: "k", hash: "h"), default)).State;
        await storage.Jobs.Apply(first with { Phase = JobPhase.Cancelled });
        await storage.Jobs.Delete(first.Id, default);

        var second = await storage.Jobs.Create(TestJobs.New(key: "k", hash: "h"), default);

        Assert.NotEqual(first.Id, second.State.Id);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Create_KeyWhoseJobRetentionHasRemoved_IsNewAgain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var first = (await storage.Jobs.Create(TestJobs.New(key: "k", hash: "h"), default)).State;
        await storage.Jobs.Apply(first with { Phase = JobPhase.Cancelled, FinishedAt = TestJobs.Now });
        await storage.Database.Write(db => db.Jobs.ExecuteDeleteAsync(), 0, default);

        var found = await storage.Jobs.FindByKey(null, "k", "other", TestJobs.Now, default);
        var second = await storage.Jobs.Create(TestJobs.New(key: "k", hash: "other"), default);
        var again = await storage.Jobs.Create(TestJobs.New(key: "k", hash: "other"), default);

        Assert.Null(found);
        Assert.NotEqual(first.Id, second.State.Id);
        Assert.Equal(second.State.Id, again.State.Id);
    }
}
