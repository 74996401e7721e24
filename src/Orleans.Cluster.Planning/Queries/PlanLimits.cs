namespace Orleans.Cluster.Planning.Queries;

/// <summary>Sizes that decide between one task and many. They depend on nothing but the plan, so that a plan repeats.</summary>
internal static class PlanLimits
{
    /// <summary>Partial results up to this size come together in one task instead of passing an exchange.</summary>
    public const long GatherBytes = 48L << 20;

    /// <summary>A table up to this size is given whole to every task of a join instead of being exchanged.</summary>
    public const long BroadcastBytes = 32L << 20;

    /// <summary>Files up to this size are read by every task that needs them instead of by a stage of their own.</summary>
    public const long DirectBytes = 256L << 10;

    private const long TargetBytes = 64L << 20;
    private const int MaxTargets = 64;

    /// <summary>Number of targets of an exchange of so many bytes. Small neighbours join at run time, so more are cheap.</summary>
    public static int Targets(long bytes) => (int)Math.Clamp((bytes + TargetBytes - 1) / TargetBytes, 1, MaxTargets);
}
