using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>What follows from a failed partition: when to try again, or why to give up.</summary>
public static class RetryPolicy
{
    /// <summary>Executors that one partition may take down before it counts as poison.</summary>
    public const int MaxCrashes = 3;

    /// <summary>
    /// Times that a partition's committed artifact may be lost before it is the store that has to be looked after.
    /// </summary>
    public const int MaxLosses = 5;

    /// <summary>
    /// Workers that may die with one partition before it counts as poison. More than <see cref="MaxCrashes"/>: what runs beside a
    /// poisoned task dies with its worker too, and is not to blame.
    /// </summary>
    public const int MaxDeaths = 5;

    // A lost artifact is being made again; asking too often only fails again.
    private static readonly TimeSpan ArtifactPause = TimeSpan.FromSeconds(1);
    private const int EarlyAttempts = 5;
    private const int MostDoublings = 5;
    private static readonly TimeSpan DeathPause = TimeSpan.FromSeconds(1);

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

        if (partition.Deaths >= MaxDeaths)
        {
            return ProblemDocument.Of(
                ProblemCode.ExecutorCrashed,
                $"{name} was running on {partition.Deaths} workers when they died; the last time: {failure.Message}",
                "Its data, or the query over it, takes whole workers down, or workers die for a reason of their own. /retry "
                + "tries again.");
        }

        if (partition.Losses >= MaxLosses)
        {
            return ProblemDocument.Of(
                ProblemCode.Internal,
                $"The output of {char.ToLowerInvariant(name[0])}{name[1..]} was lost {partition.Losses} times after it was "
                + $"committed; the last time: {failure.Message}",
                "Something removes or changes files in the artifact store (Cluster:ArtifactStore). /retry runs it again.");
        }

        if (!failure.Kind.IsRetryable())
        {
            return ProblemDocument.Of(failure.ProblemCode, $"{name}: {failure.Message}");
        }

        return partition.Faults >= retry.MaxAttempts
            ? ProblemDocument.Of(
                failure.ProblemCode, $"{name} failed {partition.Faults} times; the last time: {failure.Message}",
                Hint(failure.Kind))
            : null;
    }

    private static string? Hint(FailureKind kind) => kind == FailureKind.OutOfMemory
        ? "Raise resources.memoryBytes, or read fewer columns: each column of a table takes 16 KiB and more in each step of a "
        + "query."
        : null;

    /// <summary>
    /// How long to wait before the next attempt: initial x multiplier^(faults-1), at most the maximum, then between half and all
    /// of it, by a hash of the attempt, so that partitions that failed together do not come back together and the same attempt
    /// always waits as long.
    /// </summary>
    public static TimeSpan Backoff(PartitionRecord partition, RetrySpec retry)
    {
        ArgumentNullException.ThrowIfNull(partition);
        ArgumentNullException.ThrowIfNull(retry);
        if (partition.Failure is { Kind: FailureKind.ArtifactLost })
        {
            return ArtifactPause * Math.Pow(2, Math.Clamp(partition.Attempt - EarlyAttempts, 0, MostDoublings));
        }

        var grown = retry.InitialBackoffMs * Math.Pow(retry.Multiplier, Math.Max(0, partition.Faults - 1));
        var jitter = 0.5 + (0.5 * Spread(partition.Task, partition.Attempt));
        return TimeSpan.FromMilliseconds(Math.Min(grown, retry.MaxBackoffMs) * jitter);
    }

    /// <summary>
    /// How long a partition waits after the death of a worker that ran it. None after the first, which is nobody's fault. Then
    /// longer each time, and spread: what ran beside a poisoned task runs without it the next time.
    /// </summary>
    /// <param name="task">The partition.</param>
    /// <param name="attempt">The attempt that ended.</param>
    /// <param name="deaths">Workers that have died with it, this one among them.</param>
    public static TimeSpan PauseAfterDeath(TaskId task, int attempt, int deaths) => deaths <= 1
        ? TimeSpan.Zero
        : DeathPause * Math.Pow(4, Math.Min(deaths, MaxDeaths) - 1) * (0.25 + (0.75 * Spread(task, attempt)));

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
