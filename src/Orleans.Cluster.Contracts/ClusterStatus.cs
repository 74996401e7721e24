namespace Orleans.Cluster.Contracts;

/// <summary>The cluster as a document.</summary>
[GenerateSerializer, Immutable, Alias("ClusterStatus")]
public sealed record ClusterStatus(
    [property: Id(0)] ClusterState State,
    [property: Id(1)] int DesiredWorkers,
    [property: Id(2)] int ActiveWorkers,
    [property: Id(3)] IReadOnlyList<WorkerStatus> Workers, [property: Id(4)] ScalingDecision? LastScalingDecision,
    [property: Id(5)] string? Detail = null)
{
    /// <summary>Bounds of the autoscaler; null when the number of workers is fixed.</summary>
    [Id(6)]
    public ScalingBounds? Autoscaling { get; init; }

    /// <summary>What looks after workers: <c>local-processes</c>, <c>docker</c>, <c>kubernetes</c>, <c>fixed</c>.</summary>
    [Id(7)]
    public string ScaleTarget { get; init; } = "fixed";

    /// <summary>
    /// Whether a gateway looks after the workers now; until the first one does, numbers may be those of before.
    /// </summary>
    [Id(8)]
    public bool IsAttended { get; init; }
}

/// <summary>What the cluster is doing about its workers.</summary>
[GenerateSerializer, Alias("ClusterState")]
public enum ClusterState
{
    /// <summary>Fewer workers than wanted, and more are coming.</summary>
    Starting = 0,

    /// <summary>As many as wanted.</summary>
    Running = 1,

    /// <summary>More than wanted; some are draining.</summary>
    Scaling = 2,

    /// <summary>Workers are leaving on request.</summary>
    Stopping = 3,

    /// <summary>Stopped on request.</summary>
    Stopped = 4,

    /// <summary>
    /// Fewer than wanted take tasks, because they keep ending, are unwell or cannot be looked after; the detail says why.
    /// </summary>
    Degraded = 5,
}

/// <summary>One worker as a document.</summary>
[GenerateSerializer, Immutable, Alias("WorkerStatus")]
public sealed record WorkerStatus
{
    /// <summary>The worker's id, one for each life.</summary>
    [Id(0)]
    public required WorkerId Id { get; init; }

    /// <summary>Address of its silo.</summary>
    [Id(1)]
    public required string Address { get; init; }

    /// <summary>What it is doing.</summary>
    [Id(2)]
    public required WorkerState State { get; init; }

    /// <summary>Why it is in this state, when that needs saying.</summary>
    [Id(3)]
    public string? Reason { get; init; }

    /// <summary>Slots that it offers.</summary>
    [Id(4)]
    public int Slots { get; init; }

    /// <summary>Slots in use.</summary>
    [Id(5)]
    public int Busy { get; init; }

    /// <summary>Processors in use; 1.0 is one.</summary>
    [Id(6)]
    public double Cpu { get; init; }

    /// <summary>Memory.</summary>
    [Id(7)]
    public required WorkerMemory Memory { get; init; }

    /// <summary>GPUs that it offers.</summary>
    [Id(8)]
    public int Gpu { get; init; }

    /// <summary>When it first reported.</summary>
    [Id(9)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last reported.</summary>
    [Id(10)]
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>Its process.</summary>
    [Id(11)]
    public int ProcessId { get; init; }

    /// <summary>Machine that it runs on.</summary>
    [Id(12)]
    public string Machine { get; init; } = "";

    /// <summary>What holds its executors to their memory; null for a worker of an earlier version.</summary>
    [Id(13)]
    public MemoryCap? MemoryCap { get; init; }

    /// <summary>Bytes that its attempts have spilled to local disk now.</summary>
    [Id(14)]
    public long SpilledBytes { get; init; }

    /// <summary>Bytes that are free on that disk.</summary>
    [Id(15)]
    public long ScratchFreeBytes { get; init; }
}

/// <summary>What holds an executor to the memory that its task asked for.</summary>
[GenerateSerializer, Alias("MemoryCap")]
public enum MemoryCap
{
    /// <summary>A look at its resident size several times a second, which a burst between two looks escapes.</summary>
    Watch = 0,

    /// <summary>A control group of the kernel.</summary>
    Cgroup = 1,
}

/// <summary>Memory of a worker, bytes: what it may hand out, what it has handed out, what its processes hold.</summary>
[GenerateSerializer, Immutable, Alias("WorkerMemory")]
public sealed record WorkerMemory(
    [property: Id(0)] long OfferedBytes, [property: Id(1)] long GrantedBytes, [property: Id(2)] long UsedBytes);

/// <summary>State of a worker.</summary>
[GenerateSerializer, Alias("WorkerState")]
public enum WorkerState
{
    /// <summary>Started, not reporting yet.</summary>
    Joining = 0,

    /// <summary>Takes tasks.</summary>
    Active = 1,

    /// <summary>Takes nothing new.</summary>
    Draining = 2,

    /// <summary>Lives, but gets nothing for now.</summary>
    Unwell = 3,

    /// <summary>Gone.</summary>
    Dead = 4,
}

/// <summary>A decision of the autoscaler or of a person.</summary>
[GenerateSerializer, Immutable, Alias("ScalingDecision")]
public sealed record ScalingDecision(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] int From, [property: Id(2)] int To, [property: Id(3)] string Reason);

/// <summary>Fewest and most workers that the autoscaler may want.</summary>
[GenerateSerializer, Immutable, Alias("ScalingBounds")]
public sealed record ScalingBounds([property: Id(0)] int MinWorkers, [property: Id(1)] int MaxWorkers);

/// <summary>The queue as a document.</summary>
[GenerateSerializer, Immutable, Alias("QueueStatus")]
public sealed record QueueStatus(
    [property: Id(0)] IReadOnlyList<PriorityBacklog> Priorities, [property: Id(1)] IReadOnlyList<WaitingJob> Waiting,
    [property: Id(2)] int RunningPartitions, [property: Id(3)] int TotalSlots, [property: Id(4)] int BusySlots)
{
    /// <summary>Token of the next page of waiting jobs; null at the end.</summary>
    [Id(5)]
    public string? NextPageToken { get; init; }
}

/// <summary>What waits at one priority.</summary>
[GenerateSerializer, Immutable, Alias("PriorityBacklog")]
public sealed record PriorityBacklog(
    [property: Id(0)] JobPriority Priority, [property: Id(1)] int Jobs, [property: Id(2)] int Partitions,
    [property: Id(3)] double OldestWaitSeconds);

/// <summary>A job with nothing running. <paramref name="Position"/> counts from 1.</summary>
[GenerateSerializer, Immutable, Alias("WaitingJob")]
public sealed record WaitingJob(
    [property: Id(0)] JobId Id, [property: Id(1)] JobPriority Priority, [property: Id(2)] int Position,
    [property: Id(3)] JobReason Reason, [property: Id(4)] DateTimeOffset CreatedAt);
