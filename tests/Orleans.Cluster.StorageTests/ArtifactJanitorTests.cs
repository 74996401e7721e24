using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class ArtifactJanitorTests(PostgresFixture postgres)
{
    private readonly RetentionOptions options = new();
    private DateTimeOffset now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Sweep_RunningJob_KeepsRunningAndCommittedAttemptsAlone()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 5);
        var begun = await storage.Checkpoints.Begin(job, max: 4);
        await storage.Checkpoints.Commit(begun[0]);
        await storage.Checkpoints.End(begun[1], FailureKind.Storage);
        await storage.Checkpoints.Release(
            new WorkerRelease(TestJobs.Worker, [TestJobs.AttemptOf(begun[2])], TestJobs.Now), default);
        var again = await storage.Checkpoints.Begin(job, max: 1, TestJobs.OtherWorker);
        foreach (var partition in begun.Concat(again))
        {
            Put(storage, $"{TestJobs.AttemptOf(partition)}/part-0.parquet");
        }

        await Janitor(storage).Sweep(default);

        Assert.Equal(
            [$"{job.Id}/0/0/1", $"{job.Id}/0/2/2", $"{job.Id}/0/3/1"], await Folders(storage).ListAttempts(job.Id, default));
    }

    [Fact]
    public async Task Sweep_SucceededJob_KeepsResultAndRowsSetAsideUntilRetention()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreSucceeded(storage, output: null);
        var janitor = Janitor(storage);

        await janitor.Sweep(default);
        var kept = Files(storage);
        now = job.FinishedAt!.Value + options.Results - TimeSpan.FromSeconds(1);
        await janitor.Sweep(default);
        var stillKept = Files(storage);
        now = job.FinishedAt!.Value + options.Results;
        await janitor.Sweep(default);

        Assert.Equal([$"{job.Id}/0/0/1/bad.parquet", $"{job.Id}/1/0/1/result.parquet"], kept);
        Assert.Equal(kept, stillKept);
        Assert.Empty(await Folders(storage).ListJobs(default));
    }

    [Fact]
    public async Task Sweep_AttemptMadeItsFolderAfterTheFirstLook_GoesWhenTheJobHasSettled()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreSucceeded(storage, output: null);
        var janitor = Janitor(storage);

        await janitor.Sweep(default);
        Put(storage, $"{job.Id}/0/0/2/late.parquet");
        now = job.FinishedAt!.Value + TimeSpan.FromMinutes(4);
        await janitor.Sweep(default);
        var before = Files(storage);
        now = job.FinishedAt!.Value + TimeSpan.FromMinutes(5);
        await janitor.Sweep(default);

        Assert.Contains($"{job.Id}/0/0/2/late.parquet", before);
        Assert.Equal([$"{job.Id}/0/0/1/bad.parquet", $"{job.Id}/1/0/1/result.parquet"], Files(storage));
    }

    [Fact]
    public async Task Sweep_SucceededJobWithOutputFolder_KeepsRowsSetAsideAlone()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreSucceeded(storage, new OutputSpec { Path = "out" });

        await Janitor(storage).Sweep(default);

        Assert.Equal([$"{job.Id}/0/0/1/bad.parquet"], Files(storage));
    }

    [Fact]
    public async Task Sweep_FailedJob_KeepsWhatItCommittedForARetry()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var begun = await storage.Checkpoints.Begin(job, max: 2);
        await storage.Checkpoints.Commit(begun[0]);
        Put(storage, $"{TestJobs.AttemptOf(begun[0])}/part-0.parquet");
        Put(storage, $"{TestJobs.AttemptOf(begun[1])}/part-0.parquet");
        await storage.Jobs.Apply(
            job with { Phase = JobPhase.Failed, FinishedAt = now },
            change => change with { CancelRunning = true, CancelWaiting = true });

        await Janitor(storage).Sweep(default);

        Assert.Equal([$"{job.Id}/0/0/1/part-0.parquet"], Files(storage));
    }

    // Its process was killed between the end of the job and the removal.
    [Fact]
    public async Task Sweep_CancelledJob_RemovesWhatItCommittedToo()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await StoreCancelled(storage);

        await Janitor(storage).Sweep(default);

        Assert.Empty(Files(storage));
    }

    [Fact]
    public async Task Drop_JobIsCancelled_RemovesItsFilesAtOnceAndNobodyElses()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreCancelled(storage);
        var other = await storage.Jobs.StoreRunning(partitions: 1);
        Put(storage, $"{other.Id}/0/0/1/part-0.parquet");
        var mark = Mark(storage);
        await mark.Claim(default);

        await new CancelledArtifacts(Folders(storage), mark, storage.Jobs).Drop(job.Id, default);

        Assert.Equal([$"{other.Id}/0/0/1/part-0.parquet"], Files(storage).Where(file => file.EndsWith(".parquet")));
    }

    // The removal of an earlier end comes late: what the retry writes is not its to remove.
    [Fact]
    public async Task Drop_JobIsRetriedMeanwhile_RemovesNothing()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreCancelled(storage);
        await storage.Jobs.Apply(job with { Phase = JobPhase.Queued, FinishedAt = null });
        var before = Files(storage);
        var mark = Mark(storage);
        await mark.Claim(default);

        await new CancelledArtifacts(Folders(storage), mark, storage.Jobs).Drop(job.Id, default);
        await CancelledArtifacts.Drop(
            Folders(storage), job.Id,
            () =>
            {
                Put(storage, $"{job.Id}/0/0/9/of-the-retry.parquet");
                return Task.FromResult(true);
            },
            default);

        Assert.Single(before);
        Assert.Equal(
            [$"{job.Id}/0/0/9/of-the-retry.parquet"], Files(storage).Where(file => file.EndsWith(".parquet")));
    }

    private async Task<JobState> StoreCancelled(TestStorage storage)
    {
        var job = await storage.Jobs.StoreRunning(partitions: 2);
        var begun = await storage.Checkpoints.Begin(job, max: 1);
        await storage.Checkpoints.Commit(begun[0]);
        Put(storage, $"{TestJobs.AttemptOf(begun[0])}/part-0.parquet");
        return await storage.Jobs.Apply(
            job with { Phase = JobPhase.Cancelled, FinishedAt = now }, change => change with { CancelWaiting = true });
    }

    private static StoreMark Mark(TestStorage storage) => new(
        Paths(storage), storage.Services.GetRequiredService<IStoreIdentities>(), storage.Jobs, Folders(storage));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sweep_ResultThatAJobReads_StaysUntilTheReaderHasEnded(bool isDeleted)
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await StoreSucceeded(storage, output: null);
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Job = job.Id }, DependsOn = [job.Id],
        };
        var reader = (await storage.Jobs.Create(TestJobs.New(spec: spec), default)).State.Id;
        now = job.FinishedAt!.Value + options.Results + TimeSpan.FromHours(1);
        if (isDeleted)
        {
            Assert.True(await storage.Jobs.Delete(job.Id, default));
        }

        var janitor = Janitor(storage);
        await janitor.Sweep(default);
        var whileRead = Files(storage);
        await storage.Jobs.Apply(
            (await storage.Jobs.Find(reader, default))!.State with { Phase = JobPhase.Cancelled, FinishedAt = now },
            change => change with { CancelWaiting = true });
        now += TimeSpan.FromHours(2);
        await janitor.Sweep(default);
        await janitor.Sweep(default);

        Assert.Contains($"{job.Id}/1/0/1/result.parquet", whileRead);
        Assert.DoesNotContain(Files(storage), file => file.StartsWith($"{job.Id}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sweep_UnknownJob_GoesAfterItsGrace()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        Put(storage, $"{JobId.New()}/0/0/1/part-0.parquet");
        Put(storage, "somebody-elses/0/0/1/data");
        var janitor = Janitor(storage);

        await janitor.Sweep(default);
        var early = await Folders(storage).ListJobs(default);
        now += options.UnknownJobs + TimeSpan.FromMinutes(1);
        await janitor.Sweep(default);

        Assert.Single(early);
        Assert.Equal(["somebody-elses/0/0/1/data"], Files(storage));
    }

    [Fact]
    public async Task Sweep_WhileAttemptsBeginAndCommit_NeverTakesACommittedFile()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var job = await storage.Jobs.StoreRunning(partitions: 200);
        var janitor = Janitor(storage);
        using var done = new CancellationTokenSource();
        var sweeping = Task.Run(async () =>
        {
            var sweeps = 0;
            for (; !done.IsCancellationRequested || sweeps == 0; sweeps++)
            {
                await janitor.Sweep(CancellationToken.None);
            }

            return sweeps;
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            var worker = new WorkerId($"w-{n}");
            while (await storage.Checkpoints.Begin(job, max: 1, worker) is [var partition])
            {
                Put(storage, $"{TestJobs.AttemptOf(partition)}/part-0.parquet");
                if (partition.Attempt == 1 && partition.Task.Partition % 3 == 0)
                {
                    await storage.Checkpoints.Release(
                        new WorkerRelease(worker, [TestJobs.AttemptOf(partition)], TestJobs.Now), default);
                }
                else
                {
                    Assert.Equal(CommitAnswer.Committed, await storage.Checkpoints.Commit(partition, worker: worker));
                }
            }
        })));
        await done.CancelAsync();
        Assert.True(await sweeping > 0);
        await janitor.Sweep(default);

        var committed = await storage.Checkpoints.List(job.Id, null, default);
        Assert.Equal(
            committed.Select(partition => $"{partition.ArtifactFolder}/part-0.parquet").Order(StringComparer.Ordinal),
            Files(storage));
        Assert.Equal(200, committed.Count);
    }

    [Fact]
    public async Task ScratchSweep_ProcessGone_TakesItsFolderAndLeavesThoseOfTheLiving()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var paths = Paths(storage);
        var mine = Path.Combine(paths.Scratch, $"{Environment.ProcessId}", "attempt");
        var gone = Path.Combine(paths.Scratch, $"{int.MaxValue}", "attempt");
        var other = Path.Combine(paths.Scratch, "keep-me");
        var oldLife = Path.Combine(paths.Scratch, "1"); // Process 1 lives, but started after the folder was last written to.
        Array.ForEach([mine, gone, other, oldLife], folder => Directory.CreateDirectory(folder));
        Directory.SetLastWriteTimeUtc(oldLife, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        new ScratchSweeper(paths, TimeProvider.System, NullLogger<ScratchSweeper>.Instance).Sweep();

        Assert.Equal(
            [$"{Environment.ProcessId}", "keep-me"],
            Directory.GetDirectories(paths.Scratch).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(Directory.Exists(mine));
    }

    [Theory, InlineData(Database.Sqlite), InlineData(Database.Postgres)]
    public async Task Prune_OldRows_RemovesThemInSmallSteps(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var upkeep = storage.Services.GetRequiredService<IStorageUpkeep>();
        var kept = (await storage.Jobs.Create(TestJobs.New(key: "new", createdAt: TestJobs.Now.AddHours(1)), default)).State;
        for (var n = 0; n < 7; n++)
        {
            var old = (await storage.Jobs.Create(TestJobs.New(key: $"k-{n}"), default)).State;
            await storage.Jobs.Apply(old with { Phase = JobPhase.Cancelled, FinishedAt = TestJobs.Now });
        }

        var steps = new List<int>();
        while (await upkeep.Prune(TestJobs.Now, TestJobs.Now, TestJobs.Now, default) is > 0 and var rows)
        {
            steps.Add(rows);
        }

        Assert.InRange(steps.Count, 2, 10);
        Assert.Equal(kept.Id, Assert.Single((await storage.Jobs.List(new JobFilter(), default)).Jobs).State.Id);
        Assert.Equal(
            kept.Id,
            (await storage.Jobs.Create(TestJobs.New(key: "new", createdAt: TestJobs.Now.AddHours(2)), default)).State.Id);
    }

    /// <summary>Two stages of one partition each: an exchange with a file of bad rows, and a result.</summary>
    private async Task<JobState> StoreSucceeded(TestStorage storage, OutputSpec? output)
    {
        var spec = new JobSpec { Operation = OperationKind.Sql, Output = output };
        var stages = Enumerable.Range(0, 2).Select(index => new StagePlan
        {
            Index = index, Name =
                $"{index}", Query = "SELECT 1", Inputs = [], Output = new TaskOutput { Kind = OutputKind.Single }, Columns = [],
        });
        var plan = new JobPlan
        {
            Datasets = new Dictionary<string, PlannedDataset>(), Stages = [.. stages], Columns = [], Query = "",
        };
        var job = (await storage.Jobs.Create(TestJobs.New(spec: spec) with { Plan = plan }, default)).State;
        job = await storage.Jobs.Apply(job with { Phase = JobPhase.Running }, change => change with
        {
            OpenPartitions = [TestJobs.Partition(job.Id, 0, stage: 0), TestJobs.Partition(job.Id, 0, stage: 1)],
        });
        await Finish(storage, job, stage: 0, ("exchange.parquet", 0), ("bad.parquet", -1));
        await Finish(storage, job, stage: 1, ("result.parquet", 0));
        return await storage.Jobs.Apply(job with { Phase = JobPhase.Succeeded, FinishedAt = now });
    }

    private static async Task Finish(TestStorage storage, JobState job, int stage, params (string Name, int Target)[] files)
    {
        var partition = (await storage.Checkpoints.Begin(
            new BeginRequest(job.Id, 1, stage, 1, TestJobs.Worker, TestJobs.Now), default))[0];
        var commit = TestJobs.Committing(partition, 1, TestJobs.Worker);
        var manifest = commit.Manifest with { Files = [
            .. files.Select(file => new ArtifactFile(file.Name, file.Target, 1, 1, "ab"))] };
        await storage.Checkpoints.Commit(commit with { Manifest = manifest }, default);
        Array.ForEach(files, file => Put(storage, $"{commit.ArtifactFolder}/{file.Name}"));
    }

    private static ClusterPaths Paths(TestStorage storage) => storage.Services.GetRequiredService<ClusterPaths>();

    private static ArtifactFolders Folders(TestStorage storage) => new(Paths(storage));

    private static void Put(TestStorage storage, string file)
    {
        var path = Path.Combine(Paths(storage).Artifacts, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
    }

    private static List<string> Files(TestStorage storage)
    {
        var root = Paths(storage).Artifacts;
        return [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file)).Order(StringComparer.Ordinal)];
    }

    private ArtifactJanitor Janitor(TestStorage storage) => new(
        storage.Jobs, storage.Checkpoints, Folders(storage), new NoOutputs(), Options.Create(options), new SetClock(() => now),
        NullLogger<ArtifactJanitor>.Instance);

    private sealed class SetClock(Func<DateTimeOffset> time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => time();
    }
}
