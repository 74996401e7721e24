using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class JobMeterTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    // The first look can come late, when the queue or the database does not answer at a start.
    [Theory, MemberData(nameof(Both))]
    public async Task Measure_JobEndedBeforeTheFirstLook_IsCounted(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var meter = new JobMeter(storage.Jobs, TestJobs.Now);
        await storage.Jobs.Create(TestJobs.New(JobPhase.Succeeded, createdAt: At(-1)), default);
        await storage.Jobs.Create(TestJobs.New(JobPhase.Succeeded, createdAt: At(1)), default);

        Assert.Equal(1, await meter.Measure(At(20), default));
        Assert.Equal(0, await meter.Measure(At(30), default));
    }

    // A row bears the time at which its job was made, and can be seen only later.
    [Theory, MemberData(nameof(Both))]
    public async Task Measure_RowOlderThanTheLastLook_IsCounted(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var meter = new JobMeter(storage.Jobs, TestJobs.Now);
        Assert.Equal(0, await meter.Measure(At(20), default));
        await storage.Jobs.Create(TestJobs.New(JobPhase.Failed, createdAt: At(19)), default);

        Assert.Equal(1, await meter.Measure(At(30), default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Measure_ManyLooks_CountEachJobOnce(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var old = TestJobs.New(createdAt: At(-100));
        await storage.Jobs.Create(old, default);
        var meter = new JobMeter(storage.Jobs, TestJobs.Now);
        var counted = 0;
        foreach (var look in Enumerable.Range(1, 20))
        {
            await storage.Jobs.Create(TestJobs.New(JobPhase.Succeeded, createdAt: At((look * 10) - 5)), default);
            if (look == 3)
            {
                await storage.Jobs.Apply(old.State with { Phase = JobPhase.Planning });
                await storage.Jobs.Apply(
                    (await storage.Jobs.Find(old.State.Id, default))!.State with { Phase = JobPhase.Failed });
            }

            counted += await meter.Measure(At(look * 10), default);
        }

        Assert.Equal(21, counted);
    }

    private static DateTimeOffset At(double seconds) => TestJobs.Now.AddSeconds(seconds);
}
