using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to the job rows. A row is its job's durable state: whoever changes it names the revision that it read, and one of two
/// that try at once loses. Every call is one transaction; a database that does not answer is a
/// <see cref="StorageUnavailableException"/>.
/// </summary>
internal interface IJobStore
{
    /// <summary>
    /// Stores a job and, in the same transaction, its idempotency key and its first history entry. When the key is known (and not
    /// older than 24 h), nothing is stored and the earlier job is answered.
    /// </summary>
    /// <exception cref="ClusterException">
    /// <c>idempotency-key-reused</c> when the key's earlier request had another hash; <c>output-in-use</c> when a job that has
    /// not ended writes to the same folder.
    /// </exception>
    Task<JobRecord> Create(NewJob job, CancellationToken cancellationToken);

    /// <summary>The job that an idempotency key stands for; null when the key is unknown or its 24 h are over.</summary>
    /// <exception cref="ClusterException"><c>idempotency-key-reused</c> when the key's request had another hash.</exception>
    Task<JobRecord?> FindByKey(
        string? owner, string key, string? requestHash, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The job, or null.</summary>
    Task<JobRecord?> Find(JobId id, CancellationToken cancellationToken);

    /// <summary>The plan of the job's epoch, or null. Plans are stored compressed.</summary>
    Task<JobPlan?> FindPlan(JobId id, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a change if the row still has <see cref="JobChange.ExpectedRevision"/>, with all that belongs to it, in one
    /// transaction.
    /// </summary>
    /// <returns>False when another activation was faster; nothing was stored then.</returns>
    /// <exception cref="ClusterException">
    /// <c>output-in-use</c> when an ended job would go on and its folder is another's by now.
    /// </exception>
    Task<bool> TryApply(JobChange change, CancellationToken cancellationToken);

    /// <summary>Non-terminal jobs with what waits and runs in their open stages; the queue's view of the world.</summary>
    /// <param name="now">Partitions whose <c>not_before</c> is later do not count as ready.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<ActiveJob>> ListActive(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Of these jobs, those that are non-terminal, as <see cref="ListActive(DateTimeOffset, CancellationToken)"/> has them.
    /// </summary>
    Task<IReadOnlyList<ActiveJob>> ListActive(
        IReadOnlyCollection<JobId> ids, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Number of non-terminal jobs.</summary>
    Task<int> CountActive(CancellationToken cancellationToken);

    /// <summary>Non-terminal jobs of one owner.</summary>
    Task<IReadOnlyList<JobId>> ListActiveOf(string owner, CancellationToken cancellationToken);

    /// <summary>Jobs that non-terminal ones depend on.</summary>
    Task<IReadOnlySet<JobId>> ListDependencies(CancellationToken cancellationToken);

    /// <summary>How many jobs of a caller have not ended.</summary>
    Task<int> CountActive(string owner, CancellationToken cancellationToken);

    /// <summary>Partitions that wait, of the jobs of a caller that have not ended.</summary>
    Task<long> CountWaiting(string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Bytes that the jobs of a caller have in the artifact store; of ended ones, those that ended after a time.
    /// </summary>
    Task<long> SumArtifacts(string owner, DateTimeOffset endedAfter, CancellationToken cancellationToken);

    /// <summary>Whom jobs belong to; jobs that have no row are left out.</summary>
    Task<IReadOnlyDictionary<JobId, string?>> FindOwners(IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken);

    /// <summary>A page of jobs, newest first, by key.</summary>
    Task<JobPage> List(JobFilter filter, CancellationToken cancellationToken);

    /// <summary>
    /// Removes an ended job from everybody's sight; its rows follow by and by. False when there is none or it has not ended.
    /// </summary>
    Task<bool> Delete(JobId id, CancellationToken cancellationToken);

    /// <summary>Changes of the job's phase in order, from its first.</summary>
    Task<IReadOnlyList<HistoryEntry>> ListHistory(JobId id, CancellationToken cancellationToken);

    /// <summary>Jobs of the list that have a row, with their phases. For dependencies.</summary>
    Task<IReadOnlyDictionary<JobId, JobPhase>> FindPhases(IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Whether the database answers. For health checks; never throws but for cancellation.</summary>
    Task<bool> Ping(CancellationToken cancellationToken);
}

/// <summary>A job to be stored. <see cref="RequestHash"/> tells two requests under one idempotency key apart.</summary>
internal sealed record NewJob(
    JobState State, JobSpec Spec, JobPlan? Plan, string? Owner, string? IdempotencyKey, string? RequestHash);

/// <summary>A job as stored. <see cref="Spec"/> has no callback secret when it is shown; here it has.</summary>
internal sealed record JobRecord(JobState State, JobSpec Spec, string? Owner, bool HasPlan);

/// <summary>One guarded change of a job's row and all that belongs to it.</summary>
internal sealed record JobChange
{
    /// <summary>Revision that the row must still have.</summary>
    public required long ExpectedRevision { get; init; }

    /// <summary>The new state; its revision is the expected one plus 1.</summary>
    public required JobState State { get; init; }

    /// <summary>A plan to store with it: insert once; a plan that is already there is an error of the caller.</summary>
    public JobPlan? Plan { get; init; }

    /// <summary>Partitions of stages that open; insert, and ignore rows that are there already.</summary>
    public IReadOnlyList<PartitionRecord> OpenPartitions { get; init; } = [];

    /// <summary>
    /// Guarded changes of partitions, each by its attempt and state; those that no longer fit are left as they are.
    /// </summary>
    public IReadOnlyList<PartitionChange> PartitionChanges { get; init; } = [];

    /// <summary>Cancels every waiting partition, and with <see cref="CancelRunning"/> the running ones too.</summary>
    public bool CancelWaiting { get; init; }

    /// <summary>See <see cref="CancelWaiting"/>.</summary>
    public bool CancelRunning { get; init; }

    /// <summary>
    /// Removes plan, partitions and attempts so that planning starts anew. The state that is stored then says in
    /// <see cref="JobState.AttemptsBefore"/> how far their attempts were numbered.
    /// </summary>
    public bool DropPlan { get; init; }

    /// <summary>
    /// Puts partitions that are <c>FAILED</c> or <c>CANCELLED</c> back to <c>WAITING</c> in the new epoch, without their faults.
    /// Committed ones stay.
    /// </summary>
    public bool ResetUnfinished { get; init; }

    /// <summary>
    /// Attempts that the partitions of one stage must all have committed, no more and no fewer, when the change is stored; null
    /// for no such condition. One that does not hold refuses the change as another revision does.
    /// </summary>
    public (int Stage, IReadOnlyCollection<AttemptId> Attempts)? OnlyIfCommitted { get; init; }

    /// <summary>A phase that gets a line of its own in the history, before that of the new one; null for none.</summary>
    public JobPhase? Through { get; init; }

    /// <summary>A line for the history when the phase changes; it is also the event of the outbox.</summary>
    public string? HistoryDetail { get; init; }
}

/// <summary>Which jobs to list. Null means any.</summary>
internal sealed record JobFilter
{
    public int PageSize { get; init; } = 50;
    public JobId? Before { get; init; }
    public IReadOnlyCollection<JobPhase>? Phases { get; init; }
    public JobPriority? Priority { get; init; }
    public OperationKind? Operation { get; init; }
    public DateTimeOffset? CreatedAfter { get; init; }
    public DateTimeOffset? CreatedBefore { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? Owner { get; init; }

    /// <summary>Part of the name, of the id or of a label, in either case.</summary>
    public string? Text { get; init; }
}

/// <summary>
/// A page of jobs; <paramref name="Next"/> is the <see cref="JobFilter.Before"/> of the next page, null at the end.
/// </summary>
internal sealed record JobPage(IReadOnlyList<JobRecord> Jobs, JobId? Next);

/// <summary>One change of phase. <paramref name="Sequence"/> rises within the job and never goes back.</summary>
internal sealed record HistoryEntry(long Sequence, DateTimeOffset At, JobPhase Phase, long Revision, string? Detail);

/// <summary>
/// The database does not answer, or broke the connection. The call may or may not have been applied; reading tells.
/// </summary>
internal sealed class StorageUnavailableException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Which storage it is, for people, who need not know more.</summary>
    public string Away { get; init; } = "The database does not answer.";
}
