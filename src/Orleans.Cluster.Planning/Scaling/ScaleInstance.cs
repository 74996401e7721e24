namespace Orleans.Cluster.Planning.Scaling;

/// <summary>One worker as the scale target sees it.</summary>
[GenerateSerializer, Immutable, Alias("ScaleInstance")]
public sealed record ScaleInstance
{
    /// <summary>The target's own name for it: a process number, a container.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>When the target started it.</summary>
    [Id(1)]
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Its process, when that is known and unique; null otherwise.</summary>
    [Id(2)]
    public int? ProcessId { get; init; }

    /// <summary>Name of the machine or container that its silo reports.</summary>
    [Id(3)]
    public required string Machine { get; init; }

    /// <summary>What it was started with; null when the target cannot tell.</summary>
    [Id(4)]
    public WorkerShape? Shape { get; init; }

    /// <summary>Null while it runs.</summary>
    [Id(5)]
    public InstanceEnd? End { get; init; }

    /// <summary>Somebody has asked it to end, and it still runs: it is not a worker to count on, and cannot be kept.</summary>
    [Id(6)]
    public bool IsEnding { get; init; }

    /// <summary>Its place in a set that only shrinks from its end; null where any instance may leave.</summary>
    [Id(7)]
    public int? Ordinal { get; init; }

    /// <summary>Why it does not work yet, as the target says; null when it says nothing.</summary>
    [Id(8)]
    public string? Note { get; init; }
}

/// <summary>How a worker process ended.</summary>
/// <param name="At">When.</param>
/// <param name="WasRequested">Whether the target was asked to stop it.</param>
/// <param name="Detail">Exit code and last words, for people.</param>
[GenerateSerializer, Immutable, Alias("InstanceEnd")]
public sealed record InstanceEnd(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] bool WasRequested, [property: Id(2)] string Detail);
