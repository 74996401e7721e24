namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Sizes that decide between one task and many, in bytes. A plan depends on them and on its data alone, so that it repeats.
/// </summary>
public sealed record PlanLimits
{
    // As many as a cluster can have slots. Each partition writes a file for each target, so a very large exchange has fewer.
    private const int MaxTargets = 512;
    private const int AlwaysTargets = 64;
    private const long MaxExchangeFiles = 2_000_000;
    private const long UsualPartitionBytes = 100L << 20;

    /// <summary>Partial results up to this size come together in one task instead of passing an exchange.</summary>
    public long GatherBytes { get; init; } = 48L << 20;

    /// <summary>A table up to this size is given whole to every task of a join instead of being exchanged.</summary>
    public long BroadcastBytes { get; init; } = 32L << 20;

    /// <summary>Files up to this size are read by every task that needs them instead of by a stage of their own.</summary>
    public long DirectBytes { get; init; } = 256L << 10;

    /// <summary>Bytes that one target of an exchange shall have.</summary>
    public long TargetBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Number of targets of an exchange of so many bytes. Small neighbours join at run time, so more are cheap.
    /// </summary>
    public int Targets(long bytes)
    {
        var writers = Math.Max(1, bytes / UsualPartitionBytes);
        var most = Math.Clamp(MaxExchangeFiles / writers, AlwaysTargets, MaxTargets);
        return (int)Math.Clamp((bytes + TargetBytes - 1) / TargetBytes, 1, most);
    }
}
