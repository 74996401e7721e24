using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// The product's own stores over a new database, and workers whose executors answer at once: they begin what they are granted and
/// commit it. Nothing is read and nothing is written but the rows, so that what is measured is the coordination.
/// </summary>
internal sealed class ScaleStore : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly string folder;
    private long inDatabase;
    private long reports;

    private ScaleStore(string folder, string? postgres)
    {
        this.folder = folder;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = postgres, ["Cluster:StateDirectory"] = folder,
        }).Build();
        services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(
                new ClusterPaths(Microsoft.Extensions.Options.Options.Create(new ClusterSettings { StateDirectory = folder })))
            .AddClusterStorage(configuration)
            .BuildServiceProvider();
    }

    public IJobStore Jobs => services.GetRequiredService<IJobStore>();

    public ICheckpointStore Checkpoints => services.GetRequiredService<ICheckpointStore>();

    public IStorageUpkeep Upkeep => services.GetRequiredService<IStorageUpkeep>();

    public QueueLedger Ledger { get; } = new(
        TimeSpan.FromMinutes(3), new GangBounds(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)));

    /// <summary>Time spent in calls to the database since it was last asked; calls at once count each.</summary>
    public TimeSpan TakeDatabaseTime() => Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref inDatabase, 0));

    public static async Task<ScaleStore> Create(string? postgres)
    {
        var store = new ScaleStore(Directory.CreateTempSubdirectory("orleans-cluster-scale-").FullName, postgres);
        await store.services.GetRequiredService<SchemaMigrator>().Migrate(CancellationToken.None);

        // A queue that has not read which jobs there are grants nothing.
        store.Ledger.Refresh(await store.Jobs.ListActive(DateTimeOffset.UtcNow, CancellationToken.None));
        return store;
    }

    /// <summary>Calls the database and notes how long that took.</summary>
    public async Task<T> Timed<T>(Func<Task<T>> call)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await call();
        }
        finally
        {
            Interlocked.Add(ref inDatabase, Stopwatch.GetTimestamp() - started);
        }
    }

    /// <summary>A planned job whose first stage is open.</summary>
    public async Task<JobState> Add(JobPlan? plan, IReadOnlyList<PartitionWork> work, JobPriority priority)
    {
        var now = DateTimeOffset.UtcNow;
        var state = new JobState { Id = JobId.New(now), Priority = priority, Phase = JobPhase.Queued, CreatedAt = now };
        var spec = new JobSpec { Operation = OperationKind.Sql, Priority = priority };
        await Timed(() => Jobs.Create(new NewJob(state, spec, plan, null, null, null), CancellationToken.None));
        return await Apply(
            state, state with { Stages = [new StageState(0, StagePhase.Open, work.Count)] },
            [.. work.Select((item, index) => Partition(state.Id, 0, index, item))]);
    }

    /// <summary>A job that has ended.</summary>
    public async Task AddEnded(string name, JobPhase phase)
    {
        var now = DateTimeOffset.UtcNow;
        var state = new JobState
        {
            Id = JobId.New(now), Priority = JobPriority.Normal, Phase = phase, CreatedAt = now, StartedAt = now, FinishedAt = now,
        };
        var spec = new JobSpec { Operation = OperationKind.Sql, Name = name };
        await Jobs.Create(new NewJob(state, spec, null, null, null, null), CancellationToken.None);
    }

    public async Task<JobState> Apply(JobState before, JobState after, IReadOnlyList<PartitionRecord>? open = null)
    {
        after = after with { Revision = before.Revision + 1 };
        var change = new JobChange { ExpectedRevision = before.Revision, State = after, OpenPartitions = open ?? [] };
        return await Timed(() => Jobs.TryApply(change, CancellationToken.None))
            ? after
            : throw new InvalidOperationException($"{before.Id} has changed meanwhile.");
    }

    /// <summary>The queue hears of a job.</summary>
    public async Task Poke(JobId job) =>
        Ledger.Refresh([job], await Timed(() => Jobs.ListActive([job], DateTimeOffset.UtcNow, CancellationToken.None)));

    /// <summary>One round: every worker reports that it is idle, is granted what fits, begins it and commits it.</summary>
    /// <returns>Tasks done of a job; others may wait in the same database.</returns>
    public async Task<int> Round(int workers, int slots, JobId job, Func<PartitionRecord, TaskManifest> answer)
    {
        var ids = Enumerable.Range(0, workers).Select(number => new WorkerId($"w-{number}")).ToList();
        foreach (var id in ids)
        {
            Ledger.Report(new WorkerSnapshot(id, slots, 1L << 40, 0, slots, 1L << 40, 0, false, null), ++reports, [], []);
        }

        var grants = Ledger.Grant(ids, DateTimeOffset.UtcNow);
        var done = await Task.WhenAll(grants.Select(grant => Task.Run(() => Do(grant.Match, answer))));
        return grants.Zip(done).Where(pair => pair.First.Match.Job == job).Sum(pair => pair.Second);
    }

    /// <summary>One worker beside others: it takes what fits, is at work for as long as each task takes, and commits.</summary>
    /// <param name="id">The worker.</param>
    /// <param name="slots">Tasks that it runs at once.</param>
    /// <param name="job">The job, of which it takes until nothing is left.</param>
    /// <param name="service">What each task takes.</param>
    /// <param name="answer">What a task answers.</param>
    /// <returns>Tasks done.</returns>
    public async Task<int> Serve(WorkerId id, int slots, JobId job, TimeSpan service, Func<PartitionRecord, TaskManifest> answer)
    {
        for (var (done, idle) = (0, 0); ; )
        {
            IReadOnlyList<(long Number, Match Match)> grants;
            var waiting = await Timed(() => Jobs.ListActive([job], DateTimeOffset.UtcNow, CancellationToken.None));
            lock (Ledger)
            {
                Ledger.Refresh([job], waiting);
                Ledger.Report(new WorkerSnapshot(id, slots, 1L << 40, 0, slots, 1L << 40, 0, false, null), ++reports, [], []);
                grants = Ledger.Grant([id], DateTimeOffset.UtcNow);
            }

            var some = (await Task.WhenAll(grants.Select(grant => Do(grant.Match, answer, service)))).Sum();
            done += some;
            if ((idle = some == 0 ? idle + 1 : 0) > 3)
            {
                return done;
            }
        }
    }

    public static PartitionRecord Partition(JobId job, int stage, int index, PartitionWork work) => new()
    {
        Task = new TaskId(job, stage, index), Epoch = 1, Order = $"{index}", State = PartitionState.Waiting, Work = work,
    };

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<int> Do(Match match, Func<PartitionRecord, TaskManifest> answer, TimeSpan service = default)
    {
        var begin = new BeginRequest(match.Job, match.Epoch, match.Stage, match.Count, match.Worker, DateTimeOffset.UtcNow);
        var begun = await Timed(() => Checkpoints.Begin(begin, CancellationToken.None));
        await Task.Delay(begun.Count == 0 ? TimeSpan.Zero : service);
        var answers = await Task.WhenAll(begun.Select(partition => Timed(() =>
        {
            var attempt = new AttemptId(partition.Task, partition.Attempt);
            return Checkpoints.Commit(
                new AttemptCommit(
                    attempt, match.Epoch, match.Worker, attempt.ToString(), answer(partition), DateTimeOffset.UtcNow),
                    CancellationToken.None);
        })));
        return answers.Count(one => one == CommitAnswer.Committed);
    }
}
