namespace Orleans.Cluster.Contracts;

/// <summary>How an attempt ended badly. Numbers are stored; they are never reused.</summary>
[GenerateSerializer, Alias("FailureKind")]
public enum FailureKind
{
    /// <summary>The worker is gone, or its lease is over. Nobody's fault.</summary>
    WorkerLost = 0,

    /// <summary>The executor ended while its silo lives: the partition's fault.</summary>
    ExecutorCrashed = 1,

    /// <summary>The task needed more memory than it asked for.</summary>
    OutOfMemory = 2,

    /// <summary>A row does not fit the schema.</summary>
    BadData = 3,

    /// <summary>The query cannot be run on this data.</summary>
    BadQuery = 4,

    /// <summary>A source file is gone, cannot be read, or is not the one that was planned.</summary>
    SourceUnavailable = 5,

    /// <summary>An artifact of an earlier stage is gone or differs from what was committed.</summary>
    ArtifactLost = 6,

    /// <summary>Local or shared storage failed (disk full, time-out).</summary>
    Storage = 7,

    /// <summary>Stopped on request.</summary>
    Cancelled = 8,

    /// <summary>Something that no rule foresees; the message has it.</summary>
    Internal = 9,

    /// <summary>The task would have spilled and staged more than its quota of local disk.</summary>
    OutOfDisk = 10,
}

/// <summary>What a kind of failure means for the next attempt.</summary>
public static class FailureKinds
{
    /// <summary>Whether another attempt can end otherwise.</summary>
    public static bool IsRetryable(this FailureKind kind) =>
        kind is not (
            FailureKind.BadData or FailureKind.BadQuery or FailureKind.SourceUnavailable or FailureKind.Cancelled
                or FailureKind.OutOfDisk);

    /// <summary>Whether half of the partition may succeed where the whole did not.</summary>
    public static bool IsOfSize(this FailureKind kind) => kind is FailureKind.OutOfMemory or FailureKind.OutOfDisk;

    /// <summary>Whether it uses up one of the partition's attempts.</summary>
    public static bool CountsAgainstLimit(this FailureKind kind) =>
        kind is not (FailureKind.WorkerLost or FailureKind.ArtifactLost or FailureKind.Cancelled);

    /// <summary>The code that a job ends with when this was its last failure.</summary>
    public static ProblemCode ToProblemCode(this FailureKind kind) => kind switch
    {
        FailureKind.OutOfMemory => ProblemCode.OutOfMemory,
        FailureKind.OutOfDisk => ProblemCode.OutOfDisk,
        FailureKind.ExecutorCrashed => ProblemCode.ExecutorCrashed,
        FailureKind.BadData => ProblemCode.BadRow,
        FailureKind.BadQuery => ProblemCode.QueryInvalid,
        FailureKind.SourceUnavailable => ProblemCode.DatasetNotReadable,
        _ => ProblemCode.Internal,
    };
}

/// <summary>An attempt's bad end.</summary>
/// <param name="Kind">Decides what happens next.</param>
/// <param name="Message">What, which one and what to do, for people.</param>
/// <param name="Code">
/// Word of the <see cref="ProblemCode"/> when it is more exact than the kind's own, such as <c>column-not-found</c>.
/// </param>
[GenerateSerializer, Immutable, Alias("AttemptFailure")]
public sealed record AttemptFailure(
    [property: Id(0)] FailureKind Kind, [property: Id(1)] string Message, [property: Id(2)] string? Code = null)
{
    /// <summary>Types that columns need whose guessed types proved too narrow; null when none did.</summary>
    [Id(3)]
    public IReadOnlyList<WiderType>? Wider { get; init; }

    /// <summary>The attempt whose artifact was found to be gone or different; null when none was.</summary>
    [Id(4)]
    public AttemptId? Lost { get; init; }

    /// <summary>The code that a job ends with when this was its last failure.</summary>
    public ProblemCode ProblemCode => Code is { } word ? ProblemCode.Parse(word) : Kind.ToProblemCode();
}

/// <summary>A column whose values need another type than its sample showed.</summary>
/// <param name="Dataset">Name of the dataset in the plan.</param>
/// <param name="Column">The column.</param>
/// <param name="Type">A type that holds the values too.</param>
[GenerateSerializer, Immutable, Alias("WiderType")]
public sealed record WiderType([property: Id(0)] string Dataset, [property: Id(1)] string Column, [property: Id(2)] string Type);
