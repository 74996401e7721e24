using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>What the gateway does with jobs beside reading rows: submit, look at, cancel, retry.</summary>
internal interface IJobService
{
    /// <summary>
    /// Accepts a job whose form has been checked. Plans it first when that takes under a second, so that faults of the data are
    /// answered before anything is stored. The answer is the job's status; of the earlier job when the idempotency key is known.
    /// </summary>
    /// <exception cref="ClusterException">
    /// 422 for faults of the data, <c>queue-full</c>, <c>quota-exceeded</c>, <c>idempotency-key-reused</c>,
    /// <c>resources-impossible</c>.
    /// </exception>
    Task<JobStatus> Submit(JobSpec spec, SubmitOrigin origin, CancellationToken cancellationToken);

    /// <summary>The status document; of an ended job without waking its grain.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    Task<JobStatus> GetStatus(JobId id, CancellationToken cancellationToken);

    /// <summary>The status document once its revision is above the known one, or when the time is over.</summary>
    Task<JobStatus> WaitForChange(JobId id, long knownRevision, TimeSpan atMost, CancellationToken cancellationToken);

    /// <inheritdoc cref="IJobGrain.Cancel"/>
    Task<JobStatus> Cancel(JobId id, CancellationToken cancellationToken);

    /// <inheritdoc cref="IJobGrain.Retry"/>
    Task<JobStatus> Retry(JobId id, CancellationToken cancellationToken);

    /// <summary>Removes an ended job with its result.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>; <c>result-not-ready</c> when it has not ended.</exception>
    Task Delete(JobId id, CancellationToken cancellationToken);
}

/// <summary>Who submits, and under which idempotency key.</summary>
/// <param name="Owner">The caller; null where callers have no names.</param>
/// <param name="IdempotencyKey">Null for none.</param>
/// <param name="RequestHash">Tells two requests under one key apart.</param>
/// <param name="Role">What the caller may do.</param>
internal sealed record SubmitOrigin(string? Owner, string? IdempotencyKey, string? RequestHash, AccessRole Role);
