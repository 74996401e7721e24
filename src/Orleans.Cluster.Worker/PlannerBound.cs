using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Worker;

/// <summary>How long a question may take, and what is said of one that does not come back.</summary>
/// <param name="Limit">Longest time, from when a process has it.</param>
/// <param name="Setting">The setting that holds it.</param>
/// <param name="Subject">What the engine looks at, such as <c>the query</c>.</param>
/// <param name="Blame">The code of a question that failed alone.</param>
internal sealed record PlannerBound(TimeSpan Limit, string Setting, string Subject, ProblemCode Blame)
{
    public ClusterException Crashed(string epitaph) => new(Blame, $"The engine ended while it looked at {Subject}. {epitaph}");

    public ClusterException TimedOut() => new(
        Blame, $"The engine took longer than {Limit.TotalSeconds:0} s ({Setting}) to look at {Subject} and was ended.");

    /// <summary>For one that has met processes only that somebody else ended.</summary>
    public ClusterException Interrupted(string epitaph) =>
        new(Contracts.ProblemCode.ExecutorCrashed, $"The engine was ended while it looked at {Subject}. {epitaph}");
}
