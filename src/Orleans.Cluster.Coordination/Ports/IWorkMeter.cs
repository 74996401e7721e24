using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to what was done in a time, counted from the attempts themselves, so that the figures agree with what jobs report.
/// </summary>
internal interface IWorkMeter
{
    /// <summary>
    /// Counts attempts that ended in [<paramref name="from"/>, <paramref name="until"/>), of these jobs and of those created in
    /// that time or in one as long before it.</summary>
    Task<WorkDone> Measure(
        IReadOnlyCollection<JobId> jobs, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken);
}

/// <summary>Work of a time.</summary>
/// <param name="Partitions">Attempts that committed.</param>
/// <param name="Rows">Rows that they read.</param>
/// <param name="Bytes">Bytes that they read.</param>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="Lost">Attempts that were lost with their worker.</param>
internal sealed record WorkDone(int Partitions, long Rows, long Bytes, int Failures, int Lost);
