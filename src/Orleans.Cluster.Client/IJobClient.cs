using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary>
/// Submits jobs to a cluster, follows them and reads their results. Safe for use by many callers at once. Each call throws
/// <see cref="ClusterException"/> with the code when the cluster refuses, and <see cref="ClusterUnreachableException"/> when it
/// does not answer.
/// </summary>
public interface IJobClient
{
    /// <summary>Submits a job; it is stored when this returns.</summary>
    /// <param name="spec">What to run.</param>
    /// <param name="idempotencyKey">
    /// Two submits with one key make one job. A new key when null, so that a repeated request after a lost answer cannot make two
    /// jobs.
    /// </param>
    /// <param name="cancellationToken">Stops waiting for the answer; the job may have been accepted all the same.</param>
    /// <returns>The job's status document.</returns>
    Task<JobStatus> SubmitAsync(JobSpec spec, string? idempotencyKey = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Submits a job as written in JSON. The cluster checks all of it, so a misspelt field is refused and not lost on the way.
    /// </summary>
    /// <inheritdoc cref="SubmitAsync"/>
    Task<JobStatus> SubmitJsonAsync(string spec, string? idempotencyKey = null, CancellationToken cancellationToken = default);

    /// <summary>Checks and plans a job without running anything.</summary>
    /// <returns>The plan that a submit would run.</returns>
    Task<PlanDocument> ValidateAsync(JobSpec spec, CancellationToken cancellationToken = default);

    /// <summary>Checks and plans a job as written in JSON.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    Task<PlanDocument> ValidateJsonAsync(string spec, CancellationToken cancellationToken = default);

    /// <summary>The status document as it is now.</summary>
    Task<JobStatus> GetStatusAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// The status document now and after each change that is seen, ending with the terminal one. Changes that follow each other
    /// quickly may show as one. An outage shorter than <see cref="JobClientOptions.OutageTolerance"/> is waited out.
    /// </summary>
    IAsyncEnumerable<JobStatus> WatchAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Waits until the job has ended.</summary>
    /// <returns>The terminal status document, whichever end it is.</returns>
    Task<JobStatus> WaitAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Asks the job to stop. It is stopped once its status says <c>CANCELLED</c>.</summary>
    Task<JobStatus> CancelAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Runs a failed job on from what it has committed, or a cancelled one from its start.</summary>
    Task<JobStatus> RetryAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Removes an ended job with its result.</summary>
    Task DeleteAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>One page of jobs, newest first.</summary>
    Task<JobList> ListAsync(JobFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>A page of the result's rows in the job's order.</summary>
    /// <param name="id">A job that has succeeded.</param>
    /// <param name="offset">Rows to pass over.</param>
    /// <param name="limit">At most so many rows; null for all of them, which the caller's memory must hold.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    Task<ResultRows> GetResultAsync(JobId id, long offset = 0, long? limit = null, CancellationToken cancellationToken = default);

    /// <summary>The result as a file of the given format, read while it arrives. The caller disposes the stream.</summary>
    Task<Stream> OpenResultAsync(
        JobId id, ResultFormat format, long offset = 0, long? limit = null, CancellationToken cancellationToken = default);

    /// <summary>Parts of the result, which in order are the result and can be read beside each other.</summary>
    Task<ResultParts> ListResultPartsAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// One part of the result as a file of the given format; as Parquet the stored file, to the byte, unless folders hold some of
    /// its columns. The caller disposes the stream.
    /// </summary>
    Task<Stream> OpenResultPartAsync(JobId id, int index, ResultFormat format, CancellationToken cancellationToken = default);

    /// <summary>Rows that were set aside because they did not fit the schema.</summary>
    Task<ResultRows> GetQuarantineAsync(
        JobId id, long offset = 0, long? limit = null, CancellationToken cancellationToken = default);

    /// <summary>The plan that the job runs.</summary>
    Task<PlanDocument> GetPlanAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>One page of the job's partitions with their attempts.</summary>
    Task<PartitionList> ListPartitionsAsync(
        JobId id, int pageSize = 50, string? pageToken = null, CancellationToken cancellationToken = default);

    /// <summary>What happened to the job, in order of time: changes of its phase, and attempts that ended badly.</summary>
    Task<JobLog> GetLogAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Deliveries of the job's callbacks, in order.</summary>
    Task<CallbackList> ListCallbacksAsync(JobId id, CancellationToken cancellationToken = default);

    /// <summary>Schema and partitions of a dataset as a job would read it; nothing runs.</summary>
    /// <param name="source">The dataset; the configured default when null.</param>
    /// <param name="partitioning">How to split it; the defaults when null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<DatasetPreview> PartitionAsync(
        SourceSpec? source, PartitioningSpec? partitioning = null, CancellationToken cancellationToken = default);
}
