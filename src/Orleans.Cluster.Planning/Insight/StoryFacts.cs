using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>What is stored of a job, as far as its story is made of it.</summary>
public sealed record StoryFacts
{
    /// <summary>Its status document.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Changes of its phase, first to last.</summary>
    public required IReadOnlyList<PhaseChange> Changes { get; init; }

    /// <summary>Its partitions.</summary>
    public required IReadOnlyList<PartitionRecord> Partitions { get; init; }

    /// <summary>All their attempts.</summary>
    public required IReadOnlyList<AttemptRecord> Attempts { get; init; }

    /// <summary>Stages of its plan; none before there is one.</summary>
    public IReadOnlyList<StagePlan> Stages { get; init; } = [];

    /// <summary>What each task asks for.</summary>
    public required ResourceRequest Asked { get; init; }

    /// <summary>Bytes that a partition should have at most.</summary>
    public required long TargetBytes { get; init; }

    /// <summary>The time of asking.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>A job went to a phase.</summary>
/// <param name="At">When.</param>
/// <param name="Phase">Which.</param>
/// <param name="Detail">Why, when that needs saying.</param>
public sealed record PhaseChange(DateTimeOffset At, JobPhase Phase, string? Detail);
