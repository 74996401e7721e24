namespace Orleans.Cluster.Grains.Scaling;

/// <summary>Port to whatever runs the worker processes of this cluster.</summary>
internal interface IScaleTarget
{
    /// <summary>Its word in <c>cluster/status</c>: <c>local-processes</c>, <c>docker</c>, <c>kubernetes</c>, <c>fixed</c>.</summary>
    string Name { get; }

    /// <summary>False when workers are run by hand; then nothing but <see cref="List"/> is called, and it answers none.</summary>
    bool CanScale { get; }

    /// <summary>Workers that it has started: those that run, oldest first, and those that ended lately.</summary>
    Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken);

    /// <summary>Starts that many more. Returns when they are on their way, not when they are active.</summary>
    Task Start(int count, WorkerShape shape, CancellationToken cancellationToken);

    /// <summary>Ends workers: politely, so that each finishes what it runs, or at once. Unknown ids are ignored.</summary>
    Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken);
}

/// <summary>What each worker offers.</summary>
internal sealed record WorkerShape(int Slots, long MemoryBytes);

/// <summary>One worker as its target sees it.</summary>
internal sealed record ScaleInstance
{
    /// <summary>The target's own name for it: a process number, a container.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Its process, when that is known and on this machine.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Name of the machine or container that its silo reports; null when <see cref="ProcessId"/> tells enough.</summary>
    public string? Machine { get; init; }

    /// <summary>Null while it runs.</summary>
    public InstanceEnd? End { get; init; }
}

/// <summary>How a worker process ended.</summary>
/// <param name="At">When.</param>
/// <param name="WasRequested">Whether the target was asked to stop it.</param>
/// <param name="Detail">Exit code and last words, for people.</param>
internal sealed record InstanceEnd(DateTimeOffset At, bool WasRequested, string Detail);
