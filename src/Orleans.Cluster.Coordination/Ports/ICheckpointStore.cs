using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to the partitions and attempts. Begin, commit and end decide in the database, in one guarded statement each, so that of
/// all who believe to own a partition exactly one does. Calls of one process are grouped into few transactions by the store
/// itself.
/// </summary>
internal interface ICheckpointStore : IUpstreamReads
{
    /// <summary>
    /// Takes up to <see cref="BeginRequest.Max"/> ready partitions of one stage (<c>WAITING</c>, <c>not_before</c> over, lowest
    /// order first), makes each <c>RUNNING</c> under the worker with its next attempt number, and notes the attempts. Takes none
    /// unless the job is <c>RUNNING</c> in the epoch given and the cluster epoch is ours.
    /// </summary>
    Task<IReadOnlyList<PartitionRecord>> Begin(BeginRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Begins a gang in one transaction: as many ready partitions as its workers take together, each under the same guards as
    /// <see cref="Begin"/>; none at all when fewer are ready.
    /// </summary>
    /// <returns>Attempts with their workers; empty when it did not begin.</returns>
    Task<IReadOnlyList<(WorkerId Worker, AttemptId Attempt)>> BeginGang(
        GangBegin gang, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an attempt's output count: partition <c>RUNNING</c> with this attempt, job <c>RUNNING</c> in this epoch, else
    /// nothing. When the answer of an earlier try was lost, a partition that this attempt has committed answers
    /// <see cref="CommitAnswer.Committed"/>.
    /// </summary>
    Task<CommitAnswer> Commit(AttemptCommit commit, CancellationToken cancellationToken);

    /// <summary>
    /// Notes an attempt's bad end. Partition <c>RUNNING</c> with this attempt becomes <c>FAILED</c>; <c>WAITING</c> for a lost
    /// worker; <c>CANCELLED</c> when stopped on request while its job is being cancelled or has ended, else <c>WAITING</c>. False
    /// when the partition was no longer this attempt's; its history entry ends all the same.
    /// </summary>
    Task<bool> End(AttemptEnd end, CancellationToken cancellationToken);

    /// <summary>
    /// Gives all running partitions of a dead worker back: attempts <c>LOST</c>, partitions <c>WAITING</c> (or <c>CANCELLED</c>
    /// when the job is being cancelled).
    /// </summary>
    /// <returns>What was taken from it.</returns>
    Task<IReadOnlyList<AttemptId>> ReleaseWorker(WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Gives single attempts back in the same way, each guarded by its number and worker.</summary>
    /// <returns>What was taken from it. A partition whose workers died too often is <c>FAILED</c>, and its job decides.</returns>
    Task<IReadOnlyList<AttemptId>> Release(WorkerRelease release, CancellationToken cancellationToken);

    /// <summary>Workers that running partitions name, with how many each holds.</summary>
    Task<IReadOnlyDictionary<WorkerId, int>> ListHolders(CancellationToken cancellationToken);

    /// <summary>Attempts that the table says this worker runs. A worker compares them with what it knows itself to run.</summary>
    Task<IReadOnlyList<AttemptId>> ListHeld(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>One partition; null when there is none.</summary>
    Task<PartitionRecord?> Find(TaskId task, CancellationToken cancellationToken);

    /// <summary>Counts by stage and state, cheaper than <see cref="List"/>, with sums over committed partitions.</summary>
    Task<IReadOnlyList<StageTally>> Tally(JobId job, CancellationToken cancellationToken);

    /// <summary>
    /// When the first attempt of a job began, of those that began at a time or later where one is given; null when none did.
    /// </summary>
    Task<DateTimeOffset?> FindFirstStart(JobId job, DateTimeOffset? since, CancellationToken cancellationToken);

    /// <summary>Partitions of a job that are <c>FAILED</c> and wait for a decision.</summary>
    Task<IReadOnlyList<PartitionRecord>> ListFailed(JobId job, CancellationToken cancellationToken);

    /// <summary>Running attempts of a job with their workers.</summary>
    Task<IReadOnlyList<(AttemptId Attempt, WorkerId Worker)>> ListRunning(JobId job, CancellationToken cancellationToken);

    /// <summary>
    /// Says that a committed artifact is gone or differs, as <see cref="Artifacts.LossJudge"/> has found: <c>COMMITTED</c> with
    /// this attempt becomes <c>WAITING</c>, or <c>FAILED</c> when that has happened too often. False when the partition has moved
    /// on already, or the job neither runs nor publishes.
    /// </summary>
    Task<bool> Invalidate(AttemptId attempt, string why, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>A page of partitions with the attempts of each, for <c>/partitions</c>.</summary>
    Task<IReadOnlyList<(PartitionRecord Partition, IReadOnlyList<AttemptRecord> Attempts)>> ListWithAttempts(
        JobId job, int? stage, (int Stage, int Partition)? after, int pageSize, CancellationToken cancellationToken);

    /// <summary>Of these jobs' attempt folders, those that a row still needs. For the janitor.</summary>
    Task<IReadOnlySet<string>> ListNeededFolders(JobId job, CancellationToken cancellationToken);
}

/// <summary>What a worker asks for when it has a grant.</summary>
internal sealed record BeginRequest(JobId Job, int Epoch, int Stage, int Max, WorkerId Worker, DateTimeOffset Now);

/// <summary>An attempt that wants to count.</summary>
internal sealed record AttemptCommit(
    AttemptId Attempt, int Epoch, WorkerId Worker, string ArtifactFolder, TaskManifest Manifest, DateTimeOffset Now);

/// <summary>Attempts that their worker no longer runs.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Attempts">Those of them that are not its any more are left as they are.</param>
/// <param name="Now">The clock.</param>
/// <param name="HasDied">
/// Whether the worker was known to run them and then its process was gone, which may be by their doing.
/// </param>
internal sealed record WorkerRelease(
    WorkerId Worker, IReadOnlyCollection<AttemptId> Attempts, DateTimeOffset Now, bool HasDied = false);

/// <summary>An attempt that ended badly.</summary>
internal sealed record AttemptEnd(AttemptId Attempt, WorkerId Worker, AttemptFailure Failure, TaskCost? Cost, DateTimeOffset Now);

/// <summary>What became of a commit.</summary>
internal enum CommitAnswer
{
    /// <summary>The output counts.</summary>
    Committed,

    /// <summary>Another attempt owns the partition, or the job does not run any more. The files are nobody's.</summary>
    Fenced,
}
