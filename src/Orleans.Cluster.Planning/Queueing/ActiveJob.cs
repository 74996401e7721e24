using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>A non-terminal job as the queue sees it.</summary>
public sealed record ActiveJob(
    JobId Id, JobPhase Phase, JobPriority Priority, int Epoch, DateTimeOffset CreatedAt, ResourceRequest Resources, bool Gang,
    IReadOnlyList<JobId> DependsOn, DateTimeOffset? DeadlineAt, IReadOnlyList<StageBacklog> Stages)
{
    /// <summary>Whose it is; null where nobody has to log in.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether its tasks may begin: it is planned, and neither publishing nor ending.</summary>
    public bool IsOpen => Phase == JobPhase.Running || (Phase == JobPhase.Queued && Stages.Count > 0);

    /// <summary>Whether another word on the same job says the same; what cannot change is not compared.</summary>
    public bool IsAs(ActiveJob other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Phase == other.Phase && Epoch == other.Epoch && Priority == other.Priority && DeadlineAt == other.DeadlineAt
            && Stages.SequenceEqual(other.Stages);
    }
}

/// <summary>What waits and runs in one open stage.</summary>
/// <param name="Stage">Its number.</param>
/// <param name="Ready">Waiting partitions whose time has come.</param>
/// <param name="BackingOff">Waiting partitions whose time has not come.</param>
/// <param name="Running">Running partitions.</param>
/// <param name="NextReadyAt">When the first of those backing off becomes ready.</param>
/// <param name="Split">Partitions of a gang whose halves are counted in their place.</param>
public sealed record StageBacklog(int Stage, int Ready, int BackingOff, int Running, DateTimeOffset? NextReadyAt, int Split = 0);
