using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>Whose an artifact store is, and what nobody does in one that is not this cluster's.</summary>
public sealed class StoreMarkTests(PostgresFixture postgres) : IDisposable
{
    private readonly string share = Directory.CreateTempSubdirectory("share-").FullName;

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    public void Dispose() => Directory.Delete(share, recursive: true);

    [Theory, MemberData(nameof(Both))]
    public async Task Claim_ANewStore_MarksItAndRaisesTheMarkFromThenOn(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var mark = Mark(storage);

        var first = await mark.Claim(default);
        var before = Read();
        var second = await mark.Claim(default);

        Assert.Equal((null, null), (first, second));
        Assert.Contains("\"epoch\":1", before, StringComparison.Ordinal);
        Assert.Contains("\"epoch\":2", Read(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sweep_AnotherClustersStore_DeletesNothingUntilItIsAdopted()
    {
        await using var theirs = await TestStorage.Create(Database.Sqlite, postgres);
        await using var ours = await TestStorage.Create(Database.Sqlite, postgres);
        var job = JobId.New();
        await Mark(theirs).Claim(default);
        Put(job);
        var janitor = Janitor(ours);

        await janitor.Sweep(default);
        var kept = Directory.Exists(Path.Combine(share, job.Value));
        var adopted = await Mark(ours).Adopt(default);
        await janitor.Sweep(default);

        Assert.True(kept);
        Assert.Contains(adopted.Id, Read(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(share, job.Value)));
    }

    // The database was put back to the moment of its backup; the job was accepted later.
    [Fact]
    public async Task Sweep_TheDatabaseIsOlderThanTheStore_DeletesNothing()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await Mark(storage).Claim(default);
        var janitor = Janitor(storage);
        await janitor.Sweep(default);
        await storage.Database.WriteInAnyEpoch(
            async db =>
            {
                var row = db.StoreMark.Single();
                row.Epoch = 1;
                return await db.SaveChangesAsync();
            },
            default);
        var job = JobId.New();
        Put(job);

        await janitor.Sweep(default);

        Assert.True(Directory.Exists(Path.Combine(share, job.Value)));
        Assert.Contains("put back", await Mark(storage).FindFault(default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_TheShareIsNotMounted_DoesNotMarkWhatLiesThereInstead()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await Mark(storage).Claim(default);
        File.Delete(Path.Combine(share, StoreMark.FileName));

        var fault = await Mark(storage).Claim(default);

        Assert.Contains("not mounted", fault, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(share, StoreMark.FileName)));
    }

    [Fact]
    public async Task Claim_ANewDatabaseOverAStoreWithoutAMark_IsNotItsOwnUnlessItKnowsTheJobs()
    {
        await using var stranger = await TestStorage.Create(Database.Sqlite, postgres);
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        Put((await storage.Jobs.StoreRunning(partitions: 1)).Id);

        var strangers = await Mark(stranger).Claim(default);
        var own = await Mark(storage).Claim(default);

        Assert.NotNull(strangers);
        Assert.Null(own);
    }

    [Fact]
    public async Task FindFault_OfAWorker_SaysWhyItIsUnwellAndGoesWhenTheShareIsBack()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await Mark(storage).Claim(default);
        using var watch = Watch(storage);
        await watch.StartAsync(default);
        await watch.Seen.WaitAsync(TimeSpan.FromMinutes(1));
        var well = watch.FindFault();
        var away = Path.Combine(share, "away");

        File.Move(Path.Combine(share, StoreMark.FileName), away);
        var fault = await Until(watch.FindFault, fault => fault is not null);
        File.Move(away, Path.Combine(share, StoreMark.FileName));
        await Until(watch.FindFault, fault => fault is null);
        await watch.StopAsync(default);

        Assert.Null(well);
        Assert.Contains("not mounted", fault, StringComparison.Ordinal);
    }

    private static async Task<string?> Until(Func<string?> look, Func<string?, bool> isSo)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            if (look() is var seen && isSo(seen))
            {
                return seen;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"The last fault seen: {look()}");
    }

    private string Read() => File.ReadAllText(Path.Combine(share, StoreMark.FileName)).Replace(" ", "", StringComparison.Ordinal);

    private void Put(JobId job)
    {
        var folder = Directory.CreateDirectory(Path.Combine(share, job.Value, "0", "0", "1"));
        File.WriteAllText(Path.Combine(folder.FullName, "part-0.parquet"), "rows");
    }

    private ClusterPaths Paths(TestStorage storage) =>
        new(Options.Create(new ClusterSettings { StateDirectory = storage.StateFolder, ArtifactStore = share }));

    private StoreMark Mark(TestStorage storage) => new(
        Paths(storage), storage.Services.GetRequiredService<IStoreIdentities>(), storage.Jobs,
        new ArtifactFolders(Paths(storage)));

    private StoreWatch Watch(TestStorage storage) => new(
        Mark(storage), storage.Services.GetRequiredService<IStoreIdentities>(), Paths(storage), new StoredFiles(),
        TimeProvider.System,
        NullLogger<StoreWatch>.Instance);

    private JanitorService Janitor(TestStorage storage)
    {
        var options = Options.Create(new RetentionOptions { UnknownJobs = TimeSpan.Zero });
        var artifacts = new ArtifactJanitor(
            storage.Jobs, storage.Checkpoints, new ArtifactFolders(Paths(storage)), new NoOutputs(), options, TimeProvider.System,
            NullLogger<ArtifactJanitor>.Instance);
        return new JanitorService(
            artifacts, Mark(storage),
            new ScratchSweeper(Paths(storage), TimeProvider.System, NullLogger<ScratchSweeper>.Instance),
            new RowPruning(
                storage.Services.GetRequiredService<IStorageUpkeep>(), storage.Services.GetRequiredService<IAuditLog>(), options,
                TimeProvider.System, NullLogger<RowPruning>.Instance),
            options, TimeProvider.System, NullLogger<JanitorService>.Instance);
    }
}
