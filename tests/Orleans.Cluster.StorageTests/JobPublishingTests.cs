using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>What a job makes of its publisher's answers and exceptions, against a database.</summary>
public sealed class JobPublishingTests(PostgresFixture postgres)
{
    private static readonly JobResult Result = new(2, 2, [], []);
    private static readonly JobPlan Plan = new()
    {
        Query = "SELECT 1",
        Columns = [],
        Datasets = new Dictionary<string, PlannedDataset>(),
        Stages =
        [
            new StagePlan
            {
                Index = 0, Name = "convert", Query = "SELECT 1", Columns = [], Inputs = [],
                Output = new TaskOutput { Kind = OutputKind.Result },
            },
        ],
    };

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Try_AllCommitted_ShowsAndNothingStopsItAnyMore(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var (job, attempts) = await StorePublishing(storage, partitions: 2, committed: 2);

        var published = await Publishing(storage, isWanted => isWanted()).Try(job, Plan, new PublishingTries(), default);

        var state = (await storage.Jobs.Find(job.State.Id, default))!.State;
        Assert.Equal(Result, Assert.IsType<Published>(published).Result);
        Assert.True(state.IsShowing);
        Assert.NotNull(JobTransitions.Apply(state, new CancelRequested(TestJobs.Now), job.Spec).Refusal);
        Assert.False(await storage.Checkpoints.Invalidate(attempts[0], "gone", TestJobs.Now, default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Try_APartitionIsNotCommitted_DoesNotPublish(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var (job, _) = await StorePublishing(storage, partitions: 3, committed: 2);
        var asked = false;

        var happened = await Publishing(storage, isWanted => Task.FromResult(asked = true))
            .Try(job, Plan, new PublishingTries(), default);

        Assert.Equal((null, false), (happened, asked));
    }

    // Everything was copied; then, before the manifest, an artifact is said to be lost.
    [Theory, MemberData(nameof(Both))]
    public async Task Try_AnArtifactIsLostBeforeTheManifest_ShowsNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var (job, attempts) = await StorePublishing(storage, partitions: 2, committed: 2);

        var happened = await Publishing(storage, async isWanted =>
        {
            Assert.True(await storage.Checkpoints.Invalidate(attempts[1], "gone", TestJobs.Now, default));
            return await isWanted();
        }).Try(job, Plan, new PublishingTries(), default);

        Assert.Null(happened);
        Assert.False((await storage.Jobs.Find(job.State.Id, default))!.State.IsShowing);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Try_CancelledBeforeTheManifest_ShowsNothing(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var (job, _) = await StorePublishing(storage, partitions: 1, committed: 1);

        var happened = await Publishing(storage, async isWanted =>
        {
            await storage.Jobs.Apply(JobTransitions.Apply(job.State, new CancelRequested(TestJobs.Now), job.Spec).State);
            return await isWanted();
        }).Try(job, Plan, new PublishingTries(), default);

        Assert.Null(happened);
        Assert.Equal(JobPhase.Cancelling, (await storage.Jobs.Find(job.State.Id, default))!.State.Phase);
    }

    // Killed between the point of no return and the manifest; then the files are gone. No partition runs again from there.
    [Theory, MemberData(nameof(Both))]
    public async Task Try_AnArtifactIsLostPastThePointOfNoReturn_FailsTheJobAndARetryRunsItAgain(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var (job, attempts) = await StorePublishing(storage, partitions: 1, committed: 1);
        await Publishing(storage, isWanted => isWanted()).Try(job, Plan, new PublishingTries(), default);
        var publishing = Publishing(storage, _ => throw new ArtifactLostException(attempts[0], "the file is gone"));

        var tries = new PublishingTries();
        var events = new List<JobEvent?>();
        for (var i = 0; i < PublishingTries.MaxUnexpected; i++)
        {
            events.Add(await publishing.Try(job, Plan, tries, default));
        }

        Assert.All(events[..^1], Assert.Null);
        var refused = Assert.IsType<JobRefused>(events[^1]);
        Assert.Contains("the file is gone", refused.Problem.Detail, StringComparison.Ordinal);
        var failed = JobTransitions.Apply((await storage.Jobs.Find(job.State.Id, default))!.State, refused, job.Spec).State;
        Assert.Equal((JobPhase.Failed, false), (failed.Phase, failed.IsShowing));
    }

    [Fact]
    public async Task Try_AnExceptionThatNobodyExpected_FailsTheJobAfterAFewTries()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (job, _) = await StorePublishing(storage, partitions: 1, committed: 1);
        var publishing = Publishing(storage, _ => throw new FormatException("no JSON"));

        var tries = new PublishingTries();
        var events = new List<JobEvent?>();
        for (var i = 0; i < PublishingTries.MaxUnexpected; i++)
        {
            events.Add(await publishing.Try(job, Plan, tries, default));
        }

        Assert.All(events[..^1], Assert.Null);
        Assert.Contains("no JSON", Assert.IsType<JobRefused>(events[^1]).Problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Try_TheDiskRefuses_FailsTheJobWhenPatienceIsOver()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        var (job, _) = await StorePublishing(storage, partitions: 1, committed: 1);
        var clock = new SetClock { Now = TestJobs.Now };
        var publishing = Publishing(storage, _ => throw new IOException("disk full"), clock);

        var tries = new PublishingTries();
        var first = await publishing.Try(job, Plan, tries, default);
        clock.Now += PublishingTries.Patience;
        var last = await publishing.Try(job, Plan, tries, default);

        Assert.Null(first);
        Assert.Contains("disk full", Assert.IsType<JobRefused>(last).Problem.Detail, StringComparison.Ordinal);
    }

    private static JobPublishing Publishing(
        TestStorage storage, Func<Func<Task<bool>>, Task<bool>> publish, TimeProvider? clock = null) =>
        new(storage.Jobs, storage.Checkpoints, new Publisher(publish), new NoArtifacts(), new Agreeing(), clock
            ?? TimeProvider.System, NullLogger<JobPublishing>.Instance);

    private static async Task<(JobRecord Job, IReadOnlyList<AttemptId> Attempts)> StorePublishing(
        TestStorage storage, int partitions, int committed)
    {
        var state = await storage.Jobs.StoreRunning(partitions);
        var begun = await storage.Checkpoints.Begin(state, max: committed);
        foreach (var partition in begun)
        {
            await storage.Checkpoints.Commit(partition);
        }

        await storage.Jobs.Apply(state with { Phase = JobPhase.Publishing });
        return ((await storage.Jobs.Find(state.Id, default))!, [.. begun.Select(TestJobs.AttemptOf)]);
    }

    private sealed class NoArtifacts : ICancelledArtifacts
    {
        public Task Drop(JobId job, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Agreeing : ILossJudge
    {
        public Task<LossVerdict> Judge(AttemptId producer, CancellationToken cancellationToken) =>
            Task.FromResult(LossVerdict.Lost);
    }

    private sealed class Publisher(Func<Func<Task<bool>>, Task<bool>> publish) : IOutputPublisher
    {
        public async Task<PublishedOutput?> Publish(
            JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
            CancellationToken cancellationToken) =>
            await publish(isWanted) ? new PublishedOutput(Result, []) : null;

        public Task Clear(JobRecord job, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.UtcTicks;
    }
}
