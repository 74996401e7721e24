using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// Where a job is in its life. Numbers are stored; they are never reused.
/// <code>
/// QUEUED -> PLANNING -> RUNNING -> PUBLISHING -> SUCCEEDED
///    \________\___________\___________\-> FAILED        (/retry: back to QUEUED, with the next epoch)
///     \________\___________\-> CANCELLING -> CANCELLED
/// </code>
/// </summary>
[GenerateSerializer, Alias("JobPhase")]
public enum JobPhase
{
    /// <summary>Accepted and stored.</summary>
    Queued = 0,

    /// <summary>Its stages are being made.</summary>
    Planning = 1,

    /// <summary>Its tasks wait, run or back off.</summary>
    Running = 2,

    /// <summary>All tasks have committed; the output is being made visible.</summary>
    Publishing = 3,

    /// <summary>Its tasks are being stopped.</summary>
    Cancelling = 4,

    /// <summary>The result is there.</summary>
    Succeeded = 5,

    /// <summary>Ended with an error; no partial output is visible.</summary>
    Failed = 6,

    /// <summary>Stopped on request; no process works for it.</summary>
    Cancelled = 7,
}

/// <summary>What a phase means for others.</summary>
public static class JobPhases
{
    /// <summary>The job has ended; only a retry moves it again.</summary>
    public static bool IsTerminal(this JobPhase phase) => phase is JobPhase.Succeeded or JobPhase.Failed or JobPhase.Cancelled;
}

/// <summary>Why a job that has not ended is where it is.</summary>
[GenerateSerializer, Alias("ReasonCode")]
public enum ReasonCode
{
    /// <summary>Every slot that it could use is taken.</summary>
    WaitingForSlot = 0,

    /// <summary>No worker has the memory free.</summary>
    WaitingForMemory = 1,

    /// <summary>No worker has the GPU free.</summary>
    WaitingForGpu = 2,

    /// <summary>Its gang does not fit yet.</summary>
    WaitingForGang = 3,

    /// <summary>A job it depends on has not ended.</summary>
    WaitingForDependency = 4,

    /// <summary>The database or the artifact store does not answer.</summary>
    WaitingForStorage = 5,

    /// <summary>Other jobs are before it.</summary>
    QueuedBehind = 6,

    /// <summary>Its stages are being made.</summary>
    Planning = 7,

    /// <summary>Its output is being made visible.</summary>
    Publishing = 8,

    /// <summary>All workers are draining.</summary>
    WorkersDraining = 9,

    /// <summary>No workers are connected.</summary>
    NoWorkers = 10,

    /// <summary>The cluster was stopped on request.</summary>
    ClusterStopped = 11,

    /// <summary>All that is left to run waits after a failure.</summary>
    BackingOff = 12,

    /// <summary>Tasks are running.</summary>
    Running = 13,

    /// <summary>Tasks are being stopped.</summary>
    Cancelling = 14,
}

/// <summary>The status document: all that a client sees of a job.</summary>
[GenerateSerializer, Immutable, Alias("JobStatus")]
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    [Id(0)]
    public required JobId Id { get; init; }

    /// <summary>As given at submit.</summary>
    [Id(1)]
    public string? Name { get; init; }

    /// <summary>What it does.</summary>
    [Id(2)]
    public required OperationKind Operation { get; init; }

    /// <summary>How urgent it is.</summary>
    [Id(3)]
    public required JobPriority Priority { get; init; }

    /// <summary>Where it is in its life.</summary>
    [Id(4), JsonPropertyName("status")]
    public required JobPhase Phase { get; init; }

    /// <summary>Rises with every visible change; never goes back.</summary>
    [Id(5)]
    public required long Revision { get; init; }

    /// <summary>When it was accepted.</summary>
    [Id(6)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first attempt began.</summary>
    [Id(7)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [Id(8)]
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How far it is.</summary>
    [Id(9)]
    public required JobProgress Progress { get; init; }

    /// <summary>When it will end; null until something has been measured.</summary>
    [Id(10)]
    public JobEta? Eta { get; init; }

    /// <summary>Why it is where it is; null once it has ended.</summary>
    [Id(11)]
    public JobReason? Reason { get; init; }

    /// <summary>What it made, once it has succeeded.</summary>
    [Id(12)]
    public JobResult? Result { get; init; }

    /// <summary>Rows set aside because they did not fit the schema.</summary>
    [Id(13)]
    public long QuarantinedRows { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(14)]
    public ProblemDocument? Error { get; init; }

    /// <summary>Labels as given at submit.</summary>
    [Id(15)]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Where to go from here.</summary>
    [Id(16)]
    public JobLinks? Links { get; init; }

    /// <summary>
    /// What differs from a plain run and a reader should know, such as a partition split after it ran out of memory.
    /// </summary>
    [Id(17)]
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>How far a job is, over all of its planned stages.</summary>
[GenerateSerializer, Immutable, Alias("JobProgress")]
public sealed record JobProgress
{
    /// <summary>Share of the whole, 0 to 1; never goes back.</summary>
    [Id(0)]
    public double Fraction { get; init; }

    /// <summary>Source bytes read by committed and running attempts.</summary>
    [Id(1)]
    public long BytesDone { get; init; }

    /// <summary>Source bytes in all.</summary>
    [Id(2)]
    public long BytesTotal { get; init; }

    /// <summary>Source rows read.</summary>
    [Id(3)]
    public long RowsDone { get; init; }

    /// <summary>Partitions of all stages.</summary>
    [Id(4)]
    public PartitionCounts Partitions { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>The same by stage.</summary>
    [Id(5)]
    public IReadOnlyList<StageProgress> Stages { get; init; } = [];
}

/// <summary>Partitions by state. <c>Retried</c> counts attempts beyond the first of each.</summary>
[GenerateSerializer, Immutable, Alias("PartitionCounts")]
public sealed record PartitionCounts(
    [property: Id(0)] int Total,
    [property: Id(1)] int Completed,
    [property: Id(2)] int Running,
    [property: Id(3)] int Waiting,
    [property: Id(4)] int Retried);

/// <summary>Progress of one stage.</summary>
[GenerateSerializer, Immutable, Alias("StageProgress")]
public sealed record StageProgress(
    [property: Id(0)] int Index, [property: Id(1)] string Name, [property: Id(2)] int Total, [property: Id(3)] int Completed);

/// <summary>Time left, from measured throughput, in seconds: the likely value and a high one.</summary>
[GenerateSerializer, Immutable, Alias("JobEta")]
public sealed record JobEta([property: Id(0)] double Seconds, [property: Id(1)] double SecondsHigh);

/// <summary>Why a job is where it is.</summary>
[GenerateSerializer, Immutable, Alias("JobReason")]
public sealed record JobReason([property: Id(0)] ReasonCode Code, [property: Id(1)] string Detail);

/// <summary>
/// What a job made. <c>Path</c> is the output folder as the job asked for it, or null when the result is kept with the job.
/// </summary>
[GenerateSerializer, Immutable, Alias("JobResult")]
public sealed record JobResult(
    [property: Id(0)] long Rows,
    [property: Id(1)] long Bytes,
    [property: Id(2)] IReadOnlyList<ColumnSchema> Columns, [property: Id(3)] IReadOnlyList<ResultFile> Files,
    [property: Id(4)] string? Path = null);

/// <summary>
/// One file of a result. <c>Path</c> is relative to the output folder, or to the artifact store when the result is kept with the
/// job.
/// </summary>
[GenerateSerializer, Immutable, Alias("ResultFile")]
public sealed record ResultFile(
    [property: Id(0)] string Path, [property: Id(1)] long Rows, [property: Id(2)] long Bytes, [property: Id(3)] string Sha256);

/// <summary>A column and its DuckDB type name, such as <c>VARCHAR</c> or <c>DECIMAL(18,3)</c>.</summary>
[GenerateSerializer, Immutable, Alias("ColumnSchema")]
public sealed record ColumnSchema([property: Id(0)] string Name, [property: Id(1)] string Type);

/// <summary>Addresses that belong to a job.</summary>
[GenerateSerializer, Immutable, Alias("JobLinks")]
public sealed record JobLinks(
    [property: Id(0)] string Self, [property: Id(1)] string Cancel, [property: Id(2)] string Events,
    [property: Id(3)] string Result)
{
    /// <summary>The addresses of one job.</summary>
    public static JobLinks Of(JobId id) => new(
        $"/api/processing/jobs/{id}/status", $"/api/processing/jobs/{id}/cancel",
        $"/api/processing/jobs/{id}/events", $"/api/processing/jobs/{id}/result");
}
