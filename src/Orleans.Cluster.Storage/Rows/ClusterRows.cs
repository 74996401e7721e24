using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Storage.Rows;

/// <summary>The one row that says which run of the cluster may write.</summary>
internal sealed class ClusterEpochRow
{
    public const int OnlyId = 1;

    public int Id { get; set; } = OnlyId;
    public long Epoch { get; set; }
    public DateTimeOffset RaisedAt { get; set; }
}

/// <summary>Which artifact store belongs to this database: the one row, made with the first start of a gateway.</summary>
internal sealed class StoreMarkRow
{
    public const int OnlyId = 1;

    public int Id { get; set; } = OnlyId;

    /// <summary>Random; the store's mark repeats it.</summary>
    public required string StoreId { get; set; }

    /// <summary>Raised before the mark is; a mark that is ahead of it tells of a database that was put back.</summary>
    public long Epoch { get; set; }
}

/// <summary>One sample of the cluster's figures, as a document.</summary>
internal sealed class ClusterMetrics
{
    /// <summary>0 as appended, then each level coarser than the one before.</summary>
    public int Level { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Seconds that the sample stands for.</summary>
    public int Seconds { get; set; }

    public required string Sample { get; set; }
}

/// <summary>A worker of the last hour, as it was last seen.</summary>
internal sealed class WorkerHistoryRow
{
    public required string Id { get; set; }
    public DateTimeOffset LastSeen { get; set; }
    public bool IsDead { get; set; }

    /// <summary>Its status as a document.</summary>
    public required string Worker { get; set; }
}

/// <summary>
/// One entry of the audit log. <see cref="Hash"/> covers the entry and the hash before it, so a change breaks the chain.
/// </summary>
internal sealed class AuditEntryRow
{
    public long Sequence { get; set; }
    public DateTimeOffset At { get; set; }
    public required string Actor { get; set; }
    public required string Action { get; set; }
    public required string Target { get; set; }
    public required string Origin { get; set; }
    public required string Outcome { get; set; }
    public string? Detail { get; set; }
    public required string Hash { get; set; }
}

/// <summary>End of the audit chain.</summary>
internal sealed class AuditHeadRow
{
    public const int OnlyId = 1;
    public const string EmptyChain = "";

    public int Id { get; set; } = OnlyId;
    public long Sequence { get; set; }
    public required string Hash { get; set; }
}

/// <summary>An API key: its hash alone, never the key.</summary>
internal sealed class ApiKeyRow
{
    public required string Id { get; set; }
    public required string Name { get; set; }
    public AccessRole Role { get; set; }
    public required string Hash { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}
