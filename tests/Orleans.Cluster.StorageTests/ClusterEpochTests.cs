using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class ClusterEpochTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Raise_ProcessOfEarlierEpoch_CanChangeNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var old = storage.AddProcess();
        var (oldJobs, oldStore) = (old.GetRequiredService<IJobStore>(), old.GetRequiredService<ICheckpointStore>());
        var job = await oldJobs.StoreRunning(partitions: 3);
        var held = await oldStore.Begin(job, max: 1);

        await storage.Epoch.Raise(TestJobs.Now, default);

        Assert.Empty(await oldStore.Begin(job, max: 1));
        Assert.Equal(CommitAnswer.Fenced, await oldStore.Commit(held[0]));
        Assert.False(await oldStore.End(held[0], FailureKind.Storage));
        Assert.Empty(await oldStore.ReleaseWorker(TestJobs.Worker, TestJobs.Now, default));
        Assert.False(await oldJobs.TryApply(
            new JobChange { ExpectedRevision = job.Revision, State = job with { Revision = job.Revision + 1 } }, default));
        await Assert.ThrowsAsync<ClusterException>(() => oldJobs.Create(TestJobs.New(), CancellationToken.None));
        Assert.Single(await storage.Checkpoints.Begin(job, max: 1));
    }

    // A table without a row is no epoch 0, in which a process that knows of none would be right.
    [Theory, MemberData(nameof(Both))]
    public async Task Write_NoEpochStored_IsRefused(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        await storage.Database.WriteInAnyEpoch(
            db => Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(
                db.Database, "DELETE FROM cluster_epoch"), default);
        var jobs = storage.AddProcess().GetRequiredService<IJobStore>();

        await Assert.ThrowsAnyAsync<Exception>(() => jobs.Create(TestJobs.New(), CancellationToken.None));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Get_Configured_IsTheGatewaysEpoch(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var raised = await storage.Epoch.Raise(TestJobs.Now, default);

        var worker = storage.AddProcess(epoch: raised);
        var reader = storage.AddProcess();
        await storage.Epoch.Raise(TestJobs.Now, default);

        Assert.Equal(raised, await worker.GetRequiredService<IClusterEpoch>().Get(default));
        Assert.Equal(raised + 1, await reader.GetRequiredService<IClusterEpoch>().Get(default));
        Assert.Equal(raised + 1, await storage.Epoch.Get(default));
    }
}
