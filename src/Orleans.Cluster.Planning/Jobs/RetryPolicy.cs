using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>What follows from a failed partition: when to try again, or why to give up.</summary>
public static class RetryPolicy
{
    /// <summary>Executors that one partition may take down before it counts as poison.</summary>
    public const int MaxCrashes = 3;

    // A lost artifact is being made again; asking too often only fails again.
    private static readonly TimeSpan ArtifactPause = TimeSpan.FromSeconds(1);

    /// <summary>Why a partition may not run again; null when it may.</summary>
    public static ProblemDocument? Verdict(PartitionRecord partition, RetrySpec retry)
    {
        ArgumentNullException.ThrowIfNull(partition);
        ArgumentNullException.ThrowIfNull(retry);
        var failure = partition.Failure ?? new AttemptFailure(FailureKind.Internal, "The attempt ended without a reason.");
        var name = $"Partition {partition.Task.Partition} of stage {partition.Task.Stage}";
        if (partition.Crashes >= MaxCrashes)
        {
            return ProblemDocument.Of(
                ProblemCode.ExecutorCrashed,
                $"{name} ended its executor {partition.Crashes} times; the last time: {failure.Message}",
                "The data of this partition, or the query over it, brings the engine down. Other jobs are not affected.");
        }

        if (!failure.Kind.IsRetryable())
        {
            return ProblemDocument.Of(failure.ProblemCode, $"{name}: {failure.Message}");
        }

        return partition.Faults >= retry.MaxAttempts
            ? ProblemDocument.Of(failure.ProblemCode, $"{name} failed {partition.Faults} times; the last time: {failure.Message}", Hint(failure.Kind))
            : null;
    }

    private static string? Hint(FailureKind kind) => kind == FailureKind.OutOfMemory
        ? "Raise resources.memoryBytes, or read fewer columns: each column of a table takes 16 KiB and more in each step of a query."
        : null;

    /// <summary>
    /// How long to wait before the next attempt: initial x multiplier^(faults-1), at most the maximum, then between half and all of it,
    /// by a hash of the attempt, so that partitions that failed together do not come back together and the same attempt always waits as long.
    /// </summary>
    public static TimeSpan Backoff(PartitionRecord partition, RetrySpec retry)
    {
        ArgumentNullException.ThrowIfNull(partition);
        ArgumentNullException.ThrowIfNull(retry);
        if (partition.Failure is { Kind: FailureKind.ArtifactLost })
        {
            return ArtifactPause;
        }

        var grown = retry.InitialBackoffMs * Math.Pow(retry.Multiplier, Math.Max(0, partition.Faults - 1));
        var jitter = 0.5 + (0.5 * Spread(partition.Task, partition.Attempt));
        return TimeSpan.FromMilliseconds(Math.Min(grown, retry.MaxBackoffMs) * jitter);
    }

    // FNV-1a over the text, to [0, 1). Not string.GetHashCode, which differs from process to process.
    private static double Spread(TaskId task, int attempt)
    {
        var hash = 2166136261u;
        foreach (var character in $"{task}/{attempt}")
        {
            hash = (hash ^ character) * 16777619u;
        }

        return hash / (double)(1L << 32);
    }
}
