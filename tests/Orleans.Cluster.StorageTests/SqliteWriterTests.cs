using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class SqliteWriterTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Write_OneCallOfAGroupThrows_TheOthersAreStored()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        using var hold = new ManualResetEventSlim();
        var holding = storage.Database.WriteInAnyEpoch(
            _ =>
            {
                hold.Wait(TimeSpan.FromSeconds(20)); // While this call holds the writer, the next ones become one group.
                return Task.FromResult(true);
            },
            default);

        var jobs = Enumerable.Range(0, 9).Select(_ => TestJobs.New()).ToList();
        var calls = jobs.Select((job, n) => storage.Database.WriteInAnyEpoch(
            async db =>
            {
                await JobRows.Add(db, job, default);
                return n == 4 ? throw new InvalidOperationException("mine") : n;
            },
            default)).ToArray();
        hold.Set();
        await holding;

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => calls[4]);
        Assert.Equal("mine", failure.Message);
        var answers = await Task.WhenAll(calls.Where((_, n) => n != 4));
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8], answers);
        Assert.Equal(8, await storage.Database.Read(db => db.Jobs.CountAsync(), default));
        Assert.Null(await storage.Jobs.Find(jobs[4].State.Id, default));
    }

    [Fact]
    public async Task Write_CancelledBeforeItsTurn_IsNotStored()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        using var hold = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        var holding = storage.Database.WriteInAnyEpoch(_ => Task.FromResult(hold.Wait(TimeSpan.FromSeconds(20))), default);

        var job = TestJobs.New();
        var create = storage.Jobs.Create(job, cancel.Token);
        await cancel.CancelAsync();
        hold.Set();
        await holding;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => create);
        Assert.Null(await storage.Jobs.Find(job.State.Id, default));
    }

    [Fact]
    public async Task Write_AnotherProcessHoldsTheLock_WaitsForIt()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var path = Path.Combine(storage.StateFolder, "cluster.db");
        await using var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=false");
        await other.OpenAsync();
        await using var transaction = other.BeginTransaction();

        var create = storage.Jobs.Create(TestJobs.New(), CancellationToken.None);
        var early = await Task.WhenAny(create, Task.Delay(300));
        await transaction.RollbackAsync();

        Assert.NotSame(create, early);
        Assert.Equal(TestJobs.Now, (await create).State.CreatedAt);
    }

    [Fact]
    public async Task Write_FileCannotBeOpened_IsUnavailableAndRecovers()
    {
        await using var storage = await TestStorage.CreateEmpty(Database.Sqlite, postgres);
        var path = Path.Combine(storage.StateFolder, "cluster.db");
        Directory.CreateDirectory(path); // A folder in its place: SQLite cannot open it.
        await Assert.ThrowsAsync<StorageUnavailableException>(() => storage.Jobs.Create(TestJobs.New(), CancellationToken.None));
        Directory.Delete(path);

        await storage.Database.Migrate(default);
        var created = await storage.Jobs.Create(TestJobs.New(), default);

        Assert.NotNull(await storage.Jobs.Find(created.State.Id, default));
    }
}
