using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>What was measured of one stage.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Partitions">How many partitions it has; split ones do not count.</param>
/// <param name="WallSeconds">From the begin of its first attempt to the end of its last.</param>
/// <param name="Committed">Each committed partition with the attempt that committed it.</param>
public sealed record StageFacts(int Index, int Partitions, double WallSeconds, IReadOnlyList<CommittedPartition> Committed)
{
    /// <summary>Stages of which an attempt has begun, in order.</summary>
    public static IReadOnlyList<StageFacts> Of(StoryFacts facts)
    {
        var attempts = facts.Attempts.ToLookup(attempt => attempt.Id.Task.Stage);
        return
        [
            .. facts.Partitions.GroupBy(partition => partition.Task.Stage).OrderBy(stage => stage.Key)
                .Where(stage => attempts[stage.Key].Any())
                .Select(stage => Of(stage.Key, [.. stage], [.. attempts[stage.Key]], facts.Now)),
        ];
    }

    private static StageFacts Of(int index, List<PartitionRecord> partitions, List<AttemptRecord> attempts, DateTimeOffset now)
    {
        var byPartition = attempts.Where(attempt => attempt.State == AttemptState.Committed && attempt.EndedAt is not null)
            .GroupBy(attempt => attempt.Id.Task.Partition)
            .ToDictionary(group => group.Key, group => group.MaxBy(attempt => attempt.Id.Number)!);
        var committed = partitions
            .Where(partition => partition.State == PartitionState.Committed && byPartition.ContainsKey(partition.Task.Partition))
            .Select(partition => new CommittedPartition(partition, byPartition[partition.Task.Partition]))
            .ToList();
        return new StageFacts(
            index, partitions.Count(partition => partition.State != PartitionState.Split),
            (attempts.Max(attempt => attempt.EndedAt ?? now) - attempts.Min(attempt => attempt.StartedAt)).TotalSeconds,
            committed);
    }
}

/// <summary>A committed partition and the attempt that committed it.</summary>
public sealed record CommittedPartition(PartitionRecord Partition, AttemptRecord Attempt)
{
    /// <summary>How long the attempt took.</summary>
    public double Seconds => ((Attempt.EndedAt ?? Attempt.StartedAt) - Attempt.StartedAt).TotalSeconds;

    /// <summary>Rows that it read.</summary>
    public long Rows => Partition.Manifest?.RowsIn ?? 0;
}
