using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Storage.Rows;

/// <summary>
/// A job's durable state. <see cref="State"/> is the whole truth as a document; the columns beside it repeat what guards, filters
/// and the queue compare, so that none of them has to read a document.
/// </summary>
internal sealed class ProcessingJob
{
    public required string Id { get; set; }
    public JobPhase Phase { get; set; }
    public int Epoch { get; set; }
    public long Revision { get; set; }
    public JobPriority Priority { get; set; }
    public OperationKind Operation { get; set; }
    public string? Owner { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public DateTimeOffset? DeadlineAt { get; set; }
    public int Cpu { get; set; }
    public long MemoryBytes { get; set; }
    public int Gpu { get; set; }
    public bool Gang { get; set; }

    /// <summary>Ids of jobs that must succeed first, separated by spaces; empty for none.</summary>
    public string DependsOn { get; set; } = "";

    /// <summary>Whether changes of phase are to be posted, that is, go to the outbox too.</summary>
    public bool HasCallback { get; set; }

    /// <summary>Bytes that it has in the artifact store.</summary>
    public long ArtifactBytes { get; set; }

    /// <summary>Number of the newest history entry.</summary>
    public long HistorySequence { get; set; }

    public required string Spec { get; set; }
    public required string State { get; set; }
}

/// <summary>One label of a job, a row of its own so that both databases can filter by it.</summary>
internal sealed class JobLabel
{
    public required string JobId { get; set; }
    public required string Key { get; set; }
    public required string Value { get; set; }
}

/// <summary>A job's plan, gzip-compressed JSON: a plan of 10,000 partitions is some megabytes of repetitive text.</summary>
internal sealed class JobPlanRow
{
    public required string JobId { get; set; }
    public required byte[] Plan { get; set; }
}

/// <summary>A change of phase.</summary>
internal sealed class JobHistoryRow
{
    public required string JobId { get; set; }
    public long Sequence { get; set; }
    public DateTimeOffset At { get; set; }
    public JobPhase Phase { get; set; }
    public long Revision { get; set; }
    public string? Detail { get; set; }
}

/// <summary>A change of phase that is still to be posted to the job's callback, or was.</summary>
internal sealed class OutboxRow
{
    public required string JobId { get; set; }

    /// <summary>Sequence of the history entry that it tells of.</summary>
    public long Sequence { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset DueAt { get; set; }
    public int Tries { get; set; }
    public DateTimeOffset? DoneAt { get; set; }
    public string? LastError { get; set; }
}

/// <summary>A folder that a job which has not ended will publish into, absolute.</summary>
internal sealed class OutputClaim
{
    public required string Path { get; set; }
    public required string JobId { get; set; }
}

/// <summary>The job that an idempotency key stands for.</summary>
internal sealed class IdempotencyKey
{
    /// <summary>Who used it; empty where no key is asked for. Keys of different owners are different keys.</summary>
    public required string Owner { get; set; }

    public required string Key { get; set; }
    public required string JobId { get; set; }
    public string? RequestHash { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
