using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>The artifact store in an object store: what attempts put there, whose it is, and what the janitor removes.</summary>
public sealed class ObjectArtifactsTests(PostgresFixture postgres)
{
    private const string Store = "s3://atlas/artifacts";

    private readonly MemoryObjects objects = new();

    [Fact]
    public async Task Keep_FilesOfAnAttempt_AreObjectsUnderItsNameAndNoFilesAnyMore()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (artifacts, attempt) = (Artifacts(storage), new AttemptId(new TaskId(JobId.New(), 1, 2), 3));
        var folder = artifacts.WritingFolder(attempt);
        Directory.CreateDirectory(Path.Combine(folder, "result", "k=1"));
        File.WriteAllText(Path.Combine(folder, "data.parquet"), "rows");
        File.WriteAllText(Path.Combine(folder, "result", "k=1", "data_0.parquet"), "more");

        await artifacts.Keep(
            attempt, new TaskManifest { Files = [Of("data.parquet", "rows"), Of("result/k=1/data_0.parquet", "more")] }, default);

        Assert.Equal(
            [$"{Store}/{attempt.Task.Job}/1/2/3/data.parquet", $"{Store}/{attempt.Task.Job}/1/2/3/result/k=1/data_0.parquet"],
            objects.Names);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Keep_StoreIsAwayForAWhile_IsTriedAgain()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (artifacts, attempt, failures) = (Artifacts(storage), new AttemptId(new TaskId(JobId.New(), 0, 0), 1), 3);
        Directory.CreateDirectory(artifacts.WritingFolder(attempt));
        File.WriteAllText(Path.Combine(artifacts.WritingFolder(attempt), "data.parquet"), "rows");
        objects.OnChange = (_, _) =>
        {
            if (failures-- > 0)
            {
                throw new ObjectStoreException("away", ObjectStoreFault.Away);
            }
        };

        await artifacts.Keep(attempt, new TaskManifest { Files = [Of("data.parquet", "rows")] }, default);

        Assert.Single(objects.Names);
        Assert.Equal(-1, failures);
    }

    [Fact]
    public async Task Keep_StoreRefuses_FailsAndDiscardLeavesNothing()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (artifacts, attempt) = (Artifacts(storage), new AttemptId(new TaskId(JobId.New(), 0, 0), 1));
        Directory.CreateDirectory(artifacts.WritingFolder(attempt));
        File.WriteAllText(Path.Combine(artifacts.WritingFolder(attempt), "a"), "rows");
        File.WriteAllText(Path.Combine(artifacts.WritingFolder(attempt), "b"), "rows");
        objects.BeginUpload($"{Store}/{attempt.Task.Job}/0/0/1/b");
        objects.OnChange = (what, path) =>
        {
            if (what == "write" && path.Key.EndsWith("/b", StringComparison.Ordinal))
            {
                throw new ObjectStoreException("403", ObjectStoreFault.Refused);
            }
        };

        await Assert.ThrowsAsync<ObjectStoreException>(() =>
            artifacts.Keep(attempt, new TaskManifest { Files = [Of("a", "rows"), Of("b", "rows")] }, default));
        await artifacts.Discard(attempt, wasKept: true);

        Assert.Empty(objects.Names);
        Assert.Empty(objects.Uploads);
        Assert.False(Directory.Exists(artifacts.WritingFolder(attempt)));
    }

    [Fact]
    public async Task Sweep_RunningJob_KeepsRunningAndCommittedAttemptsAndTheirUploadsAlone()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 3);
        var begun = await storage.Checkpoints.Begin(job, max: 3);
        await storage.Checkpoints.Commit(begun[0]);
        await storage.Checkpoints.End(begun[1], FailureKind.Storage);
        foreach (var partition in begun)
        {
            objects.Put($"{Store}/{ArtifactPath.Of(TestJobs.AttemptOf(partition))}/part-0.parquet", "rows");
            objects.BeginUpload($"{Store}/{ArtifactPath.Of(TestJobs.AttemptOf(partition))}/part-1.parquet");
        }

        objects.Put($"{Store}/not-a-job/0/0/1/part", "somebody's");
        await Mark(storage).Claim(default);
        await Janitor(storage).Sweep(default);

        Assert.Equal(
            [$"{Store}/{job.Id}/0/0/1/part-0.parquet", $"{Store}/{job.Id}/0/2/1/part-0.parquet", $"{Store}/_store.json",
                $"{Store}/not-a-job/0/0/1/part"],
            objects.Names);
        Assert.Equal(
            [$"{Store}/{job.Id}/0/0/1/part-1.parquet", $"{Store}/{job.Id}/0/2/1/part-1.parquet"], objects.Uploads);
    }

    [Fact]
    public async Task Sweep_JobThatTheDatabaseDoesNotKnow_GoesOnceItIsOldWithItsUploads()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (young, old, half) = (JobId.New(), JobId.New(), JobId.New());
        await Mark(storage).Claim(default);
        objects.Now = DateTimeOffset.UtcNow - TimeSpan.FromDays(30);
        objects.Put($"{Store}/{old}/0/0/1/part", "rows");
        objects.BeginUpload($"{Store}/{half}/0/0/1/part");
        objects.Now = DateTimeOffset.UtcNow;
        objects.Put($"{Store}/{young}/0/0/1/part", "rows");

        await Janitor(storage).Sweep(default);

        Assert.Equal([$"{Store}/{young}/0/0/1/part", $"{Store}/_store.json"], objects.Names);
        Assert.Empty(objects.Uploads);
    }

    [Fact]
    public async Task Sweep_AnotherClustersStore_DeletesNothingUntilItIsAdopted()
    {
        await using var theirs = await TestStorage.Create(Database.Sqlite, postgres);
        await using var ours = await TestStorage.Create(Database.Sqlite, postgres);
        objects.Now = DateTimeOffset.UtcNow - TimeSpan.FromDays(30);
        await Mark(theirs).Claim(default);
        var name = $"{Store}/{JobId.New()}/0/0/1/part";
        objects.Put(name, "rows");

        await Janitor(ours).Sweep(default);
        var kept = objects.Names;
        var adopted = await Mark(ours).Adopt(default);
        await Janitor(ours).Sweep(default);

        Assert.Contains(name, kept);
        Assert.Equal([$"{Store}/_store.json"], objects.Names);
        Assert.Contains(adopted.Id, objects.Text($"{Store}/_store.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_MarkIsGone_DeletesNothingAndSaysSo()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await Mark(storage).Claim(default);
        await objects.Delete(new S3Path("atlas", "artifacts/_store.json"), default);

        var fault = await Mark(storage).Claim(default);

        Assert.Contains("is not in s3://atlas/artifacts", fault, StringComparison.Ordinal);
        Assert.Empty(objects.Names);
    }

    [Theory]
    [InlineData("rows", true)]
    [InlineData("sows", false)]
    [InlineData("row", false)]
    [InlineData(null, false)]
    public async Task Look_ObjectOfACommittedPartition_SeesWhetherItIsWhatWasCommitted(string? content, bool isWhole)
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 1);
        var begun = await storage.Checkpoints.Begin(job, max: 1);
        await storage.Checkpoints.Commit(
            TestJobs.Committing(begun[0], epoch: 1, TestJobs.Worker) with
            {
                Manifest = new TaskManifest { Files = [Of("part", "rows")] },
            },
            default);
        var committed = (await storage.Checkpoints.Find(begun[0].Task, default))!;
        if (content is not null)
        {
            objects.Put($"{Store}/{committed.ArtifactFolder}/part", content);
        }

        using var watch = new StoreWatch(
            Mark(storage), storage.Services.GetRequiredService<IStoreIdentities>(), Paths(storage), new StoredFiles(objects),
            TimeProvider.System, NullLogger<StoreWatch>.Instance);

        Assert.Equal(isWhole ? ArtifactSeen.Whole : ArtifactSeen.Lost, await watch.Look(committed, default));
    }

    private static ArtifactFile Of(string path, string content) => new(
        path, 0, 1, content.Length, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))));

    private static ClusterPaths Paths(TestStorage storage) => new(Options.Create(
        new ClusterSettings { StateDirectory = storage.StateFolder, ArtifactStore = Store }));

    private ObjectArtifacts Artifacts(TestStorage storage) => new(
        Paths(storage), objects, new StoredFiles(objects), TimeProvider.System, NullLogger<ObjectArtifacts>.Instance);

    private StoreMark Mark(TestStorage storage) => new(
        Paths(storage), storage.Services.GetRequiredService<IStoreIdentities>(), storage.Jobs, Artifacts(storage));

    private JanitorService Janitor(TestStorage storage)
    {
        var options = Options.Create(new RetentionOptions { UnknownJobs = TimeSpan.FromDays(1) });
        var artifacts = new ArtifactJanitor(
            storage.Jobs, storage.Checkpoints, Artifacts(storage), new NoOutputs(), options, TimeProvider.System,
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
