namespace Orleans.Cluster.Contracts.Rest;

/// <summary>One page of <c>jobs/list</c>, newest first.</summary>
/// <param name="Items">Status documents.</param>
/// <param name="NextPageToken">Asks for the next page; null on the last one.</param>
public sealed record JobList(IReadOnlyList<JobStatus> Items, string? NextPageToken);

/// <summary>One page of a job's partitions, by stage and place in the stage's order.</summary>
/// <param name="Items">Partitions of stages that have opened.</param>
/// <param name="NextPageToken">Asks for the next page; null on the last one.</param>
public sealed record PartitionList(IReadOnlyList<PartitionItem> Items, string? NextPageToken);

/// <summary>One partition as a document.</summary>
public sealed record PartitionItem
{
    /// <summary>Stage number, from 0.</summary>
    public required int Stage { get; init; }

    /// <summary>Partition number within the stage, from 0.</summary>
    public required int Partition { get; init; }

    /// <summary><c>WAITING</c>, <c>RUNNING</c>, <c>COMMITTED</c>, <c>FAILED</c>, <c>SPLIT</c> or <c>CANCELLED</c>.</summary>
    public required string State { get; init; }

    /// <summary>Bytes that it reads.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows that it read, once committed.</summary>
    public long Rows { get; init; }

    /// <summary>Rows that it made, once committed.</summary>
    public long RowsOut { get; init; }

    /// <summary>Bytes of those rows.</summary>
    public long BytesOut { get; init; }

    /// <summary>Rows that it set aside.</summary>
    public long QuarantinedRows { get; init; }

    /// <summary>Processor time of its measured attempts, seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Largest resident size of an executor at it.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Bytes that its measured attempts wrote to local disk for want of memory.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>Before this time it is not tried again; null when it may be.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Its executions, first to last.</summary>
    public IReadOnlyList<AttemptItem> Attempts { get; init; } = [];
}

/// <summary>One attempt as a document.</summary>
/// <param name="Number">Which execution of the partition, from 1.</param>
/// <param name="Worker">Who ran it.</param>
/// <param name="State"><c>RUNNING</c>, <c>COMMITTED</c>, <c>FAILED</c>, <c>LOST</c> or <c>CANCELLED</c>.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Failure">Why it ended badly.</param>
public sealed record AttemptItem(
    int Number, WorkerId Worker, string State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, FailureItem? Failure);

/// <summary>
/// An attempt's bad end as a document. <paramref name="Kind"/> is the upper-case word of a <see cref="FailureKind"/>.
/// </summary>
public sealed record FailureItem(string Kind, string Message, bool Retryable);
