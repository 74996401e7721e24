using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>Something that a job has to react to.</summary>
public abstract record JobEvent;

/// <summary>The stores were read; this is what they say now.</summary>
public sealed record Observed(JobFacts Facts) : JobEvent;

/// <summary>Planning ended with a plan.</summary>
public sealed record PlanMade(JobPlan Plan, DateTimeOffset Now) : JobEvent;

/// <summary>Planning or publishing ended for good without a result.</summary>
public sealed record JobRefused(ProblemDocument Problem, DateTimeOffset Now) : JobEvent
{
    /// <summary>
    /// Epoch of the job in which it began: one that stood still must not end what a retry has begun. Null for any.
    /// </summary>
    public int? Epoch { get; init; }
}

/// <summary>Somebody asked the job to stop.</summary>
public sealed record CancelRequested(DateTimeOffset Now) : JobEvent;

/// <summary>Somebody asked an ended job to start again.</summary>
/// <param name="HasPlan">Whether it goes on with the plan that it has.</param>
/// <param name="DeadlineAt">Its new deadline.</param>
/// <param name="AcceptedStamps">
/// Files that came back after planning and have the planned size and the planned records, as they are now.
/// </param>
public sealed record RetryRequested(bool HasPlan, DateTimeOffset? DeadlineAt, IReadOnlyList<FileStamp> AcceptedStamps) : JobEvent;

/// <summary>The output is visible.</summary>
/// <param name="Result">What is visible.</param>
/// <param name="Notes">What a reader of the status should know of it.</param>
/// <param name="Now">The clock.</param>
public sealed record Published(JobResult Result, IReadOnlyList<string> Notes, DateTimeOffset Now) : JobEvent
{
    /// <summary>Epoch of the job that was published; null for any.</summary>
    public int? Epoch { get; init; }
}

/// <summary>
/// All that is to be visible is in place under hidden names or names that nothing refers to; the last step is to be made.
/// </summary>
/// <param name="Epoch">Epoch of the job whose output it is.</param>
public sealed record ShowRequested(int Epoch) : JobEvent;

/// <summary>What the stores say of one job at one time.</summary>
public sealed record JobFacts
{
    /// <summary>The clock.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary><see cref="JobState.Decisions"/> before they were read.</summary>
    public long Decisions { get; init; }

    /// <summary>The plan, when there is one.</summary>
    public JobPlan? Plan { get; init; }

    /// <summary>Phases of the jobs that this one depends on; one that is missing there is no more.</summary>
    public IReadOnlyDictionary<JobId, JobPhase> Dependencies { get; init; } = new Dictionary<JobId, JobPhase>();

    /// <summary>Numbers of the stages that have opened.</summary>
    public IReadOnlyList<StageTally> Tallies { get; init; } = [];

    /// <summary>Partitions that failed and wait for a decision.</summary>
    public IReadOnlyList<PartitionRecord> Failed { get; init; } = [];

    /// <summary>Halves of those of <see cref="Failed"/> that ran out of memory and can be split.</summary>
    public IReadOnlyDictionary<TaskId, IReadOnlyList<PartitionWork>> Halves { get; init; } = new Dictionary<TaskId,
        IReadOnlyList<PartitionWork>>();

    /// <summary>When the first attempt of all began; null before.</summary>
    public DateTimeOffset? FirstStartedAt { get; init; }

    /// <summary>An attempt of the job's present epoch has begun.</summary>
    public bool HasBegun { get; init; }

    /// <summary>Attempts that run.</summary>
    public int RunningAttempts { get; init; }

    /// <summary>Bytes that they have written so far.</summary>
    public long BytesBeingWritten { get; init; }

    /// <summary>Bytes that attempts of the job may have written in all.</summary>
    public long MostArtifactBytes { get; init; } = long.MaxValue;

    /// <summary>What the job's caller has in the artifact store and may have; null where no bound holds for it.</summary>
    public CallerUse? Caller { get; init; }

    /// <summary>Whether a plan is being made or an output published for the job still.</summary>
    public bool IsBusy { get; init; }
}

/// <summary>What all jobs of one caller have in the artifact store.</summary>
/// <param name="Bytes">Bytes, as far as was known a few seconds ago.</param>
/// <param name="MostBytes">What it may have.</param>
public sealed record CallerUse(long Bytes, long MostBytes);

/// <summary>What follows from an event: the next state, what is stored with it, and what is done once it is stored.</summary>
public sealed record JobDecision
{
    /// <summary>The next state; the same object when nothing is to be stored.</summary>
    public required JobState State { get; init; }

    /// <summary>
    /// A phase that it has passed through since the last look, told by its history before the new one; null for none.
    /// </summary>
    public JobPhase? Through { get; init; }

    /// <summary>Stages that open with this change.</summary>
    public IReadOnlyList<int> OpenStages { get; init; } = [];

    /// <summary>Guarded changes of partitions.</summary>
    public IReadOnlyList<PartitionChange> PartitionChanges { get; init; } = [];

    /// <summary>Children of partitions that are split, stored with the change that splits them.</summary>
    public IReadOnlyList<PartitionRecord> Children { get; init; } = [];

    /// <summary>Waiting partitions end with the job.</summary>
    public bool CancelWaiting { get; init; }

    /// <summary>Running ones do so too; their attempts can no longer commit.</summary>
    public bool CancelRunning { get; init; }

    /// <summary>Failed and cancelled partitions wait again.</summary>
    public bool ResetUnfinished { get; init; }

    /// <summary>The plan goes, with its partitions and attempts: the job is planned anew.</summary>
    public bool DropPlan { get; init; }

    /// <summary>What to do once all this is stored. Each is safe to do twice.</summary>
    public IReadOnlyList<JobCommand> Commands { get; init; } = [];

    /// <summary>Why nothing changes although somebody asked for it.</summary>
    public ClusterException? Refusal { get; init; }

    /// <summary>Whether there is something to store.</summary>
    public bool IsChange(JobState before) =>
        !ReferenceEquals(State, before) || OpenStages.Count > 0 || PartitionChanges.Count > 0 || CancelWaiting || ResetUnfinished;

    /// <summary>Nothing follows.</summary>
    public static JobDecision None(JobState state) => new() { State = state };
}

/// <summary>What a grain does after a change is stored.</summary>
public enum JobCommand
{
    /// <summary>Make a plan, unless that is under way.</summary>
    Plan,

    /// <summary>Make the output visible, unless that is under way.</summary>
    Publish,

    /// <summary>Stop all attempts of the job.</summary>
    StopAttempts,

    /// <summary>Tell the queue that there is work, or none any more.</summary>
    PokeQueue,
}
