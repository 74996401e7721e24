using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests;

/// <summary>A publisher that no test asks anything of.</summary>
internal sealed class NoOutputs : IOutputPublisher
{
    public Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task Clear(JobRecord job, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Jobs for storage tests.</summary>
internal static class TestJobs
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly WorkerId Worker = new("w-1");
    public static readonly WorkerId OtherWorker = new("w-2");

    public static NewJob New(
        JobPhase phase = JobPhase.Queued, string? key = null, string? hash = null, JobSpec? spec = null,
        DateTimeOffset? createdAt = null,
        string? owner = null)
    {
        spec ??= new JobSpec { Operation = OperationKind.Aggregate };
        var at = createdAt ?? Now;
        var state = new JobState { Id = JobId.New(at), Priority = spec.Priority, Phase = phase, CreatedAt = at };
        return new NewJob(state, spec, Plan: null, owner, key, hash);
    }

    public static PartitionRecord Partition(JobId job, int number, int stage = 0, string? order = null) => new()
    {
        Task = new TaskId(job, stage, number),
        Epoch = 1,
        Order = order ?? $"{number}",
        State = PartitionState.Waiting,
        Work = new PartitionWork { FirstTarget = number, Bytes = 100 },
    };

    /// <summary>Removes all that can be removed; how much each step did.</summary>
    public static async Task<IReadOnlyList<int>> PruneAll(this TestStorage storage)
    {
        var upkeep = storage.Services.GetRequiredService<IStorageUpkeep>();
        var steps = new List<int>();
        while (await upkeep.Prune(
            DateTimeOffset.MinValue, DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch,
            CancellationToken.None) is > 0 and var rows)
        {
            steps.Add(rows);
        }

        return steps;
    }

    /// <summary>A stored job that runs, with its partitions of stage 0 waiting.</summary>
    public static async Task<JobState> StoreRunning(this IJobStore jobs, int partitions, CallbackSpec? callback = null)
    {
        var spec = new JobSpec { Operation = OperationKind.Aggregate, Callback = callback };
        var stored = await jobs.Create(New(spec: spec), CancellationToken.None);
        return await jobs.Apply(
            stored.State with { Phase = JobPhase.Running, Stages = [new StageState(0, StagePhase.Open, partitions)] },
            change => change with
            {
                OpenPartitions = [.. Enumerable.Range(0, partitions).Select(n => Partition(stored.State.Id, n))],
            });
    }

    /// <summary>Stores a change that must be accepted; the state as stored.</summary>
    public static async Task<JobState> Apply(this IJobStore jobs, JobState state, Func<JobChange, JobChange>? with = null)
    {
        var next = state with { Revision = state.Revision + 1 };
        var change = new JobChange { ExpectedRevision = state.Revision, State = next };
        Assert.True(await jobs.TryApply(with is null ? change : with(change), CancellationToken.None));
        return next;
    }

    public static Task<IReadOnlyList<PartitionRecord>> Begin(
        this ICheckpointStore store, JobState job, int max, WorkerId? worker = null, DateTimeOffset? now = null) =>
        store.Begin(new BeginRequest(job.Id, job.Epoch, Stage: 0, max, worker ?? Worker, now ?? Now), CancellationToken.None);

    public static Task<CommitAnswer> Commit(
        this ICheckpointStore store, PartitionRecord partition, int epoch = 1, WorkerId? worker = null) =>
        store.Commit(Committing(partition, epoch, worker ?? Worker), CancellationToken.None);

    public static AttemptCommit Committing(PartitionRecord partition, int epoch, WorkerId worker)
    {
        var attempt = AttemptOf(partition);
        var manifest = new TaskManifest
        {
            RowsIn = 10,
            RowsOut = 4,
            QuarantinedRows = 1,
            Files = [new ArtifactFile("part-0.parquet", 0, 4, 55, "ab")],
            Cost = new TaskCost(1.5, 1 << 20, 0, 2),
        };
        return new AttemptCommit(attempt, epoch, worker, attempt.ToString(), manifest, Now);
    }

    public static Task<bool> End(
        this ICheckpointStore store, PartitionRecord partition, FailureKind kind, WorkerId? worker = null) =>
        store.End(
            new AttemptEnd(AttemptOf(partition), worker ?? Worker, new AttemptFailure(kind, "because"), Cost: null, Now),
            CancellationToken.None);

    public static AttemptId AttemptOf(PartitionRecord partition) => new(partition.Task, partition.Attempt);
}
