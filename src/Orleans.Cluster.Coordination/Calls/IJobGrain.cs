using Orleans.Cluster.Contracts;
using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>One job, submit to end. Its key is <see cref="GrainKeys.Job"/>; its durable state is the job's row.</summary>
[Alias("IJobGrain")]
internal interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Something may have changed: read the row and act. Safe to call at any time, any number of times.</summary>
    [Alias("Wake")]
    Task Wake();

    /// <summary>The status document.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>.</exception>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<JobStatus> GetStatus();

    /// <summary>
    /// The status document as soon as its revision is higher than the one known, or as it is when the time is over.
    /// </summary>
    [Alias("WaitForChange"), AlwaysInterleave, ResponseTimeout("00:01:30")]
    Task<JobStatus> WaitForChange(long knownRevision, TimeSpan atMost);

    /// <summary>Asks the job to stop. Answers at once, with <c>CANCELLING</c> or <c>CANCELLED</c>.</summary>
    /// <exception cref="ClusterException">
    /// <c>job-already-terminal</c> when it ended otherwise or is past its point of no return.
    /// </exception>
    [Alias("Cancel")]
    Task<JobStatus> Cancel();

    /// <summary>
    /// Starts an ended job again in a new epoch: a failed one goes on from what it has committed, a cancelled one begins anew.
    /// </summary>
    /// <exception cref="ClusterException"><c>job-already-terminal</c> when it succeeded or runs.</exception>
    [Alias("Retry")]
    Task<JobStatus> Retry();

    /// <summary>How far attempts of one worker are. Lost reports cost nothing.</summary>
    [Alias("ReportProgress"), OneWay]
    Task ReportProgress(IReadOnlyList<AttemptProgress> progress);
}

/// <summary>How far one running attempt is.</summary>
[GenerateSerializer, Immutable, Alias("AttemptProgress")]
internal sealed record AttemptProgress(
    [property: Id(0)] AttemptId Attempt, [property: Id(1)] long BytesDone, [property: Id(2)] long RowsDone,
    [property: Id(3)] long BytesWritten = 0);
