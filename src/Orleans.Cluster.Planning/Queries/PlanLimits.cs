namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Sizes that decide between one task and many, in bytes. A plan depends on them and on its data alone, so that it repeats.
/// </summary>
public sealed record PlanLimits
{
    /// <summary>Partial results up to this size come together in one task instead of passing an exchange.</summary>
    public long GatherBytes { get; init; } = 48L << 20;

    /// <summary>A table up to this size is given whole to every task of a join instead of being exchanged.</summary>
    public long BroadcastBytes { get; init; } = 32L << 20;

    /// <summary>Files up to this size are read by every task that needs them instead of by a stage of their own.</summary>
    public long DirectBytes { get; init; } = 256L << 10;

    /// <summary>Bytes that one target of an exchange shall have.</summary>
    public long TargetBytes { get; init; } = 64L << 20;

    /// <summary>Targets of an exchange at most; by default as many as a cluster can have slots.</summary>
    public int MaxTargets { get; init; } = 512;

    /// <summary>Keys of one side of a join up to this size reach the tasks that write the rows of the other.</summary>
    public long KeyBytes { get; init; } = 8L << 20;

    /// <summary>Rows are dropped by their keys where no larger share of them stays.</summary>
    public double KeptShare { get; init; } = 0.25;

    /// <summary>
    /// Bytes that dropping rows must spare beyond the cost of the keys where a stage is added for it, which costs as much; a
    /// quarter of it where the keys are there.
    /// </summary>
    public long SparedBytes { get; init; } = 24L << 20;

    /// <summary>
    /// Number of targets of an exchange of so many bytes. Small neighbours join at run time, and a task writes one file whatever
    /// their number, so more are cheap.
    /// </summary>
    public int Targets(long bytes) => (int)Math.Clamp((bytes + TargetBytes - 1) / TargetBytes, 1, MaxTargets);
}
