using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// All that a job must remember across a crash, beside its spec, its plan and its partitions, which are stored once each in rows
/// of their own. Replaced as a whole, in one transaction guarded by <see cref="Revision"/>.
/// </summary>
public sealed record JobState
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>How urgent it is; the queue reads it from here.</summary>
    public required JobPriority Priority { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobPhase Phase { get; init; }

    /// <summary>
    /// How often it was started: 1, and one more with each retry. An attempt of an earlier epoch cannot begin or commit.
    /// </summary>
    public int Epoch { get; init; } = 1;

    /// <summary>
    /// Types that values proved guesses too narrow for: the job was planned anew with them, once, under a higher epoch. Empty
    /// before.
    /// </summary>
    public IReadOnlyList<WiderType> WiderTypes { get; init; } = [];

    /// <summary>
    /// Attempts that partitions of plans that were dropped have had at most. Those of a later plan are numbered from there, so
    /// that no attempt of an earlier one has the folder of a later one.
    /// </summary>
    public int AttemptsBefore { get; init; }

    /// <summary>One more with each stored change.</summary>
    public long Revision { get; init; } = 1;

    /// <summary>
    /// One more with each stored decision; progress alone is none. Facts are read at one, and count for that one only: of a job
    /// that has moved on meanwhile they say nothing.
    /// </summary>
    public long Decisions { get; init; }

    /// <summary>
    /// Past the point of no return of publishing: the partitions were found whole in the transaction that set this, and the
    /// output becomes visible now. Neither a cancel nor the deadline stops it.
    /// </summary>
    public bool IsShowing { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its present epoch began; null for the first, which began when it was accepted.</summary>
    public DateTimeOffset? RetriedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When it fails with <c>job-timeout</c>; null for never.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>Stages of the plan; empty before there is one.</summary>
    public IReadOnlyList<StageState> Stages { get; init; } = [];

    /// <summary>Jobs that it depends on and that have been seen to succeed; they may be deleted from then on.</summary>
    public IReadOnlyList<JobId> MetDependencies { get; init; } = [];

    /// <summary>Largest progress ever shown.</summary>
    public JobProgress Progress { get; init; } = new();

    /// <summary>How long it was to take when its progress was shown last; null before anything was measured.</summary>
    public JobTimeLeft? TimeLeft { get; init; }

    /// <summary>Rows set aside.</summary>
    public long QuarantinedRows { get; init; }

    /// <summary>
    /// Whether the bounds of one caller hold for it: it has an owner, who was no administrator when it was submitted.
    /// </summary>
    public bool HasQuota { get; init; }

    /// <summary>
    /// Bytes that it has in the artifact store, as far as was known when this was stored; see <see cref="ArtifactUse"/>.
    /// </summary>
    public long ArtifactBytes { get; init; }

    /// <summary>What a reader of the status should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What it made.</summary>
    public JobResult? Result { get; init; }

    /// <summary>Why it failed.</summary>
    public ProblemDocument? Error { get; init; }

    /// <summary>
    /// What a later version has stored and this one does not know. During an upgrade silos of both versions store the whole
    /// document; what one of them does not know must not be lost by it.
    /// </summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; init; }

    /// <summary>
    /// Files that were written again after planning and are taken for what was planned all the same; see
    /// <see cref="RetryRequested"/>.
    /// </summary>
    public IReadOnlyList<FileStamp> AcceptedStamps { get; init; } = [];
}

/// <summary>What a job remembers of one stage.</summary>
/// <param name="Index">Its number in the plan.</param>
/// <param name="Phase">Where it is.</param>
/// <param name="Partitions">Number of partitions that it opened with; an estimate before.</param>
public sealed record StageState(int Index, StagePhase Phase, int Partitions)
{
    /// <summary>When it opened last; null before.</summary>
    public DateTimeOffset? OpenedAt { get; init; }
}

/// <summary>Time left as it was estimated.</summary>
/// <param name="Seconds">Seconds, counted from <paramref name="At"/>.</param>
/// <param name="At">When it was estimated.</param>
public sealed record JobTimeLeft(double Seconds, DateTimeOffset At);

/// <summary>Where a stage is. Numbers are stored; they are never reused.</summary>
public enum StagePhase
{
    /// <summary>Its inputs are not complete.</summary>
    Pending = 0,

    /// <summary>Its partitions are in the checkpoint table.</summary>
    Open = 1,

    /// <summary>All of its partitions have committed.</summary>
    Complete = 2,
}
