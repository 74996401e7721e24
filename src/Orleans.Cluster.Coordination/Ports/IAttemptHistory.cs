using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to attempts and partitions as people look at them: many at once, each in few words.</summary>
internal interface IAttemptHistory
{
    /// <summary>Attempts that one answer is made of, at most; the newest of more.</summary>
    const int MaxAttempts = 100_000;

    /// <summary>Jobs whose attempts one span of time is made of, at most; the newest of more.</summary>
    const int MaxJobs = 2_000;

    /// <summary>How long before a span a job may have been submitted and still be found in it, unless it has not ended.</summary>
    static readonly TimeSpan LookBack = TimeSpan.FromDays(1);

    /// <summary>Every partition of a job, by stage and number.</summary>
    Task<IReadOnlyList<PartitionCell>> ListCells(JobId job, CancellationToken cancellationToken);

    /// <summary>Attempts of a job without failures and costs, in order of their begin.</summary>
    Task<IReadOnlyList<AttemptRecord>> ListOf(JobId job, CancellationToken cancellationToken);

    /// <summary>
    /// Attempts that ran in [<paramref name="from"/>, <paramref name="to"/>), without failures and costs, in order of their
    /// begin, of the jobs of one owner unless null. See <see cref="LookBack"/>.
    /// </summary>
    Task<IReadOnlyList<AttemptRecord>> ListBetween(
        DateTimeOffset from, DateTimeOffset to, string? owner, CancellationToken cancellationToken);
}

/// <summary>One partition in few words.</summary>
/// <param name="Task">Which one.</param>
/// <param name="State">Where it is.</param>
/// <param name="Bytes">Bytes that it reads.</param>
/// <param name="RowsIn">Rows read, once committed.</param>
/// <param name="RowsOut">Rows made.</param>
/// <param name="BytesOut">Bytes of those.</param>
/// <param name="Seconds">How long its newest attempt took; 0 while that has not ended.</param>
internal sealed record PartitionCell(
    TaskId Task, PartitionState State, long Bytes, long RowsIn, long RowsOut, long BytesOut, double Seconds);
