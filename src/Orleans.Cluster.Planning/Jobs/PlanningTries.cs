using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// How often a job is planned again. That the engine died or stood still says nothing of the job yet; but one whose files end the
/// engine each time is not planned for ever.
/// </summary>
public sealed class PlanningTries
{
    /// <summary>Tries that may end so.</summary>
    public const int Most = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private int faults;

    /// <summary>Planning ended with a refusal.</summary>
    /// <returns>How long to wait before it is tried again; null when the refusal is the job's end.</returns>
    public TimeSpan? TryAgainAfter(ProblemCode refusal) =>
        (refusal == ProblemCode.ExecutorCrashed || refusal == ProblemCode.Internal) && ++faults < Most ? Pause * faults : null;
}
