using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>What a worker says of itself, once a second and whenever a slot becomes free.</summary>
[GenerateSerializer, Immutable, Alias("WorkerReport")]
internal sealed record WorkerReport
{
    [Id(0)]
    public required WorkerId Worker { get; init; }

    /// <summary>The silo to place partition grains on.</summary>
    [Id(1)]
    public required SiloAddress Silo { get; init; }

    /// <summary>Rises with each report of this worker, so that a late one is known.</summary>
    [Id(2)]
    public required long Sequence { get; init; }

    [Id(3)]
    public required int Slots { get; init; }

    [Id(4)]
    public required long MemoryBytes { get; init; }

    [Id(5)]
    public int Gpus { get; init; }

    /// <summary>Attempts that it holds now, begun or about to begin.</summary>
    [Id(6)]
    public IReadOnlyList<AttemptId> Running { get; init; } = [];

    /// <summary>Grants that it has not begun yet, by number.</summary>
    [Id(7)]
    public IReadOnlyList<long> OpenGrants { get; init; } = [];

    /// <summary>Takes nothing new.</summary>
    [Id(8)]
    public bool Draining { get; init; }

    /// <summary>Why it should get nothing although it lives (disk full, long pauses); null when it is well.</summary>
    [Id(9)]
    public string? Unwell { get; init; }

    [Id(10)]
    public WorkerUsage Usage { get; init; } = new(0, 0, 0, 0);

    [Id(11)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Process that hosts the silo and machine it runs on, for people and for scaling.</summary>
    [Id(12)]
    public int ProcessId { get; init; }

    [Id(13)]
    public string Machine { get; init; } = "";

    /// <summary>
    /// Results of <see cref="Running"/> that ended since the last report are gone from it; slots in use now, cpu of each counted.
    /// </summary>
    [Id(14)]
    public int BusySlots { get; init; }

    /// <summary>Memory handed out to attempts now.</summary>
    [Id(15)]
    public long BusyMemoryBytes { get; init; }

    [Id(16)]
    public int BusyGpus { get; init; }

    /// <summary>
    /// Earlier reports, by <see cref="Sequence"/>, whose answer has not come yet. It may bear grants that nothing else here knows
    /// of.
    /// </summary>
    [Id(17)]
    public IReadOnlyList<long> Unanswered { get; init; } = [];

    /// <summary>
    /// Those of <see cref="OpenGrants"/> that are parts of gangs which it keeps free and has not been told to begin.
    /// </summary>
    [Id(18)]
    public IReadOnlyList<long> Held { get; init; } = [];

    /// <summary>What holds its executors to their memory; null from a worker of an earlier version.</summary>
    [Id(19)]
    public MemoryCap? MemoryCap { get; init; }
}

/// <summary>
/// What a worker uses: processors (1.0 is one), resident bytes of silo and executors, bytes spilled, free bytes of its scratch
/// disk.
/// </summary>
[GenerateSerializer, Immutable, Alias("WorkerUsage")]
internal sealed record WorkerUsage(
    [property: Id(0)] double Cpu, [property: Id(1)] long MemoryBytes, [property: Id(2)] long SpilledBytes,
    [property: Id(3)] long ScratchFreeBytes);

/// <summary>What a worker shall do.</summary>
[GenerateSerializer, Immutable, Alias("WorkerOrders")]
internal sealed record WorkerOrders
{
    /// <summary>Tasks to begin.</summary>
    [Id(0)]
    public IReadOnlyList<Grant> Grants { get; init; } = [];

    /// <summary>Attempts to stop: their job is being cancelled or has ended, or another attempt has replaced them.</summary>
    [Id(1)]
    public IReadOnlyList<AttemptId> Cancels { get; init; } = [];

    /// <summary>Take nothing new and leave when all is done.</summary>
    [Id(2)]
    public bool Drain { get; init; }

    /// <summary>Parts of gangs that have begun: their attempts are this worker's now.</summary>
    [Id(3)]
    public IReadOnlyList<GangGo> Go { get; init; } = [];

    /// <summary>Parts of gangs to keep free no longer, by number.</summary>
    [Id(4)]
    public IReadOnlyList<long> Drop { get; init; } = [];

    /// <summary>Attempts to stop for a while: their gang lost a member and begins together again.</summary>
    [Id(5)]
    public IReadOnlyList<AttemptId> GiveBack { get; init; } = [];
}

/// <summary>
/// Leave to begin up to <paramref name="Count"/> tasks of one stage; <paramref name="Together"/>: to keep room for exactly so
/// many until a <see cref="GangGo"/> comes.
/// </summary>
[GenerateSerializer, Immutable, Alias("Grant")]
internal sealed record Grant(
    [property: Id(0)] long Number, [property: Id(1)] JobId Job, [property: Id(2)] int Epoch, [property: Id(3)] int Stage,
    [property: Id(4)] int Count, [property: Id(5)] ResourceRequest Resources, [property: Id(6)] bool Together = false);

/// <summary>A part of a gang has begun, with these attempts.</summary>
[GenerateSerializer, Immutable, Alias("GangGo")]
internal sealed record GangGo([property: Id(0)] long Number, [property: Id(1)] IReadOnlyList<AttemptId> Attempts);
