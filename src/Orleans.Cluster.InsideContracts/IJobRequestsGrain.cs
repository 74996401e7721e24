using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.InsideContracts;

/// <summary>
/// What services inside the trust boundary ask of a gateway by grain calls, as others do over HTTP: the same checks, the same
/// answers, the same refusals (<see cref="ClusterException"/>). Status documents are records, as between silos; every other
/// document is the JSON that HTTP would carry, so that both have one form and one rule of change. No call is held for longer than
/// <see cref="InsideLimits.ResponseTimeout"/> unless it says so: a caller does not hear of a silo that was killed, it waits that
/// long.
/// </summary>
[Alias("IJobDoorGrain")]
internal interface IJobRequestsGrain : IGrainWithStringKey
{
    /// <summary>Accepts a job. Two calls with one key make one job.</summary>
    [Alias("Submit")]
    Task<JobStatus> Submit(byte[] spec, string idempotencyKey, string service);

    /// <summary>The plan of a job that is not run.</summary>
    [Alias("Validate"), ResponseTimeout(InsideLimits.LongCall)]
    Task<byte[]> Validate(byte[] spec, CancellationToken cancellationToken);

    /// <summary>The status document.</summary>
    [Alias("GetStatus")]
    Task<JobStatus> GetStatus(JobId id);

    /// <summary>
    /// The status document once its revision is above the known one, or after <see cref="InsideLimits.PollHold"/>.
    /// </summary>
    [Alias("WaitForChange")]
    Task<JobStatus> WaitForChange(JobId id, long knownRevision);

    /// <summary>Asks a job to stop.</summary>
    [Alias("Cancel")]
    Task<JobStatus> Cancel(JobId id, string service);

    /// <summary>Starts an ended job again. Twice is not once.</summary>
    [Alias("Retry")]
    Task<JobStatus> Retry(JobId id, string service);

    /// <summary>Removes an ended job.</summary>
    [Alias("Delete")]
    Task Delete(JobId id, string service);

    /// <summary>A page of jobs; the query is that of <c>jobs/list</c>.</summary>
    [Alias("List")]
    Task<byte[]> List(string query);

    /// <summary>The plan of a job.</summary>
    [Alias("GetPlan")]
    Task<byte[]> GetPlan(JobId id);

    /// <summary>A page of a job's partitions; the query is that of <c>partitions</c>.</summary>
    [Alias("ListPartitions")]
    Task<byte[]> ListPartitions(JobId id, string query);

    /// <summary>Parts of a job's result.</summary>
    [Alias("ListResultParts")]
    Task<byte[]> ListResultParts(JobId id);

    /// <summary>What happened to a job.</summary>
    [Alias("GetLog")]
    Task<byte[]> GetLog(JobId id);

    /// <summary>Deliveries of a job's callbacks.</summary>
    [Alias("ListCallbacks")]
    Task<byte[]> ListCallbacks(JobId id);

    /// <summary>Schema and partitions of a dataset; the body is that of <c>data/partition</c>.</summary>
    [Alias("PreviewData"), ResponseTimeout(InsideLimits.LongCall)]
    Task<byte[]> PreviewData(byte[] request, CancellationToken cancellationToken);
}
