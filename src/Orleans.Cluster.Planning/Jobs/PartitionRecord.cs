using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// State of a partition in the checkpoint table. Numbers are stored; they are never reused.
/// <code>
/// WAITING -> RUNNING -> COMMITTED (-> WAITING only when its artifact is verified to be lost)
///    |             FAILED, when it was lost too often)
///    ^          |-> FAILED (the job decides: WAITING again, SPLIT, or the job fails)
///    +----------+-> WAITING (worker lost)      WAITING, RUNNING -> CANCELLED with the job
/// </code>
/// </summary>
public enum PartitionState
{
    /// <summary>May begin once its time has come.</summary>
    Waiting = 0,

    /// <summary>An attempt holds it.</summary>
    Running = 1,

    /// <summary>Its output counts.</summary>
    Committed = 2,

    /// <summary>Its last attempt failed.</summary>
    Failed = 3,

    /// <summary>Its children do its work.</summary>
    Split = 4,

    /// <summary>Ended with its job.</summary>
    Cancelled = 5,
}

/// <summary>State of an attempt in its history. Numbers are stored; they are never reused.</summary>
public enum AttemptState
{
    /// <summary>Begun.</summary>
    Running = 0,

    /// <summary>Its output counts.</summary>
    Committed = 1,

    /// <summary>Ended badly.</summary>
    Failed = 2,

    /// <summary>Its worker is gone.</summary>
    Lost = 3,

    /// <summary>Stopped on request.</summary>
    Cancelled = 4,
}

/// <summary>One partition of an open stage, as stored.</summary>
public sealed record PartitionRecord
{
    /// <summary>Which one.</summary>
    public required TaskId Task { get; init; }

    /// <summary>Epoch of the job in which the stage opened, or the partition was reset.</summary>
    public required int Epoch { get; init; }

    /// <summary>
    /// Place in the order of the stage: <c>17</c>, or <c>17.0</c> for the first child of a split. Compared number by number.
    /// </summary>
    public required string Order { get; init; }

    /// <summary>Where it is.</summary>
    public required PartitionState State { get; init; }

    /// <summary>Number of its newest attempt; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that failed by its own fault.</summary>
    public int Faults { get; init; }

    /// <summary>Attempts whose executor died while its silo lived.</summary>
    public int Crashes { get; init; }

    /// <summary>Times that its committed artifact was lost since the job started.</summary>
    public int Losses { get; init; }

    /// <summary>
    /// Workers that died while they ran it since the job started. A worker that comes back has another name, so each is another
    /// one.
    /// </summary>
    public int Deaths { get; init; }

    /// <summary>Not to begin before this; null for at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Worker of the newest attempt.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>What it reads.</summary>
    public required PartitionWork Work { get; init; }

    /// <summary>Why its newest attempt failed.</summary>
    public AttemptFailure? Failure { get; init; }

    /// <summary>What it wrote, once committed.</summary>
    public TaskManifest? Manifest { get; init; }

    /// <summary>Folder of the committed attempt, relative to the artifact store.</summary>
    public string? ArtifactFolder { get; init; }
}

/// <summary>
/// What one partition reads, decided when its stage opened. Which member is set follows from the stage's inputs.
/// </summary>
public sealed record PartitionWork
{
    /// <summary>Slices of the dataset that the stage scans by partition; for a chunk stage, the one piece.</summary>
    public IReadOnlyList<FileSlice>? Slices { get; init; }

    /// <summary>First target that it reads.</summary>
    public int FirstTarget { get; init; }

    /// <summary>Number of neighbouring targets that it reads.</summary>
    public int TargetCount { get; init; } = 1;

    /// <summary>Whether it reads a target.</summary>
    public bool HasTarget(int target) => target >= FirstTarget && target < FirstTarget + TargetCount;

    /// <summary>Number of the upstream partition that it reads, of <c>InputMode.Partition</c> over a stage.</summary>
    public int? UpstreamPartition { get; init; }

    /// <summary>
    /// Name of the input that <see cref="UpstreamPartition"/> is of, where several are read so: the others are empty here.
    /// </summary>
    public string? UpstreamInput { get; init; }

    /// <summary>Name of the input of which it takes a part of its target; null when it takes all.</summary>
    public string? SharedInput { get; init; }

    /// <summary>Partitions that wrote the rows of <see cref="SharedInput"/> that it takes.</summary>
    public IReadOnlyList<int> SharedPartitions { get; init; } = [];

    /// <summary>Source bytes, for progress.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows expected, for progress.</summary>
    public long EstimatedRows { get; init; }
}

/// <summary>One attempt, as stored.</summary>
public sealed record AttemptRecord(
    AttemptId Id, WorkerId Worker, AttemptState State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt,
    AttemptFailure? Failure, TaskCost? Cost);
