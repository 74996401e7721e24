using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>
/// What stands out in a job, with the evidence and the setting that would change it. The most costly comes first.
/// </summary>
public static class StoryFindings
{
    /// <summary>A partition stands out when it took this many times the median of its stage.</summary>
    private const double SkewFactor = 3;

    /// <summary>Less than this is not worth a finding.</summary>
    private const double LeastSeconds = 1;

    /// <summary>A partition with this many times the median's rows holds a key that is not spread.</summary>
    private const double RowSkewFactor = 5;

    private const long LeastSkewRows = 10_000;

    /// <summary>Estimates that are so many times too high or too low have chosen the plan for another query.</summary>
    private const double EstimateFactor = 10;

    /// <summary>Share of an attempt's time that is not its processor's, above which it waited for something.</summary>
    private const double StorageShare = 0.5;

    /// <summary>Findings of all rules.</summary>
    public static IReadOnlyList<StoryFinding> Of(StoryFacts facts, IReadOnlyList<StageFacts> stages)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(stages);
        return
        [
            .. new[] { OutOfMemory(facts), Lost(facts), Retries(facts) }
                .Concat(stages.Select(stage => Skew(stage, facts)))
                .Concat(stages.Select(SlowWrites))
                .Concat(stages.Select(stage => Misestimate(stage, facts)))
                .Concat([Spill(facts), Waited(facts), TinyPartitions(stages, facts), Quarantine(facts)])
                .Where(found => found.Finding is not null)
                .OrderByDescending(found => found.Seconds)
                .Select(found => found.Finding!),
        ];
    }

    private static (double Seconds, StoryFinding? Finding) OutOfMemory(StoryFacts facts)
    {
        var ended = Failed(facts, kind => kind == FailureKind.OutOfMemory);
        return ended.Count == 0 ? default : (Seconds(ended), new StoryFinding(
            "out-of-memory", $"{Words.Of(ended.Count, "attempt")} ran out of memory; their partitions were split or tried again.",
            $"Each task may use {Words.Bytes(facts.Asked.MemoryBytes)}; {Words.Duration(Seconds(ended))} of work was thrown "
            + "away.",
            Change("/resources/memoryBytes", facts.Asked.MemoryBytes * 2)));
    }

    private static (double Seconds, StoryFinding? Finding) Lost(StoryFacts facts)
    {
        var lost = facts.Attempts.Where(attempt => attempt.State == AttemptState.Lost).ToList();
        var workers = lost.Select(attempt => attempt.Worker.Value).Distinct().Order(StringComparer.Ordinal).ToList();
        return lost.Count == 0 ? default : (Seconds(lost), new StoryFinding(
            "worker-lost",
            $"{Words.Of(workers.Count, "worker")} left while {(workers.Count == 1 ? "it" : "they")} ran partitions of this job.",
            $"{string.Join(", ", workers.Take(3))}: {Words.Of(lost.Count, "attempt")}, {Words.Duration(Seconds(lost))} of work, "
            + "ran again elsewhere."));
    }

    private static (double Seconds, StoryFinding? Finding) Retries(StoryFacts facts)
    {
        var failed = Failed(
            facts, kind => kind is not (FailureKind.OutOfMemory or FailureKind.WorkerLost or FailureKind.Cancelled));
        if (failed.Count == 0)
        {
            return default;
        }

        var kinds = failed.GroupBy(attempt => attempt.Failure!.Kind).OrderByDescending(group => group.Count())
            .Select(group => $"{JsonNamingPolicy.SnakeCaseUpper.ConvertName(group.Key.ToString())} ({group.Count()})");
        return (Seconds(failed), new StoryFinding(
            "retries", $"{Words.Of(failed.Count, "attempt")} failed: {string.Join(", ", kinds)}.",
            $"The last one says: {failed.MaxBy(attempt => attempt.StartedAt)!.Failure!.Message}"));
    }

    private static (double Seconds, StoryFinding? Finding) Skew(StageFacts stage, StoryFacts facts)
    {
        if (stage.Committed.Count < 3)
        {
            return default;
        }

        var seconds = Median(stage.Committed.Select(each => each.Seconds));
        var rows = Median(stage.Committed.Select(each => (double)each.Rows));
        var (slowest, largest) = (stage.Committed.MaxBy(each => each.Seconds)!, stage.Committed.MaxBy(each => each.Rows)!);
        var byRows = largest.Rows >= LeastSkewRows && largest.Rows >= RowSkewFactor * Math.Max(1, rows);
        if (!byRows && (slowest.Seconds < SkewFactor * seconds || slowest.Seconds - seconds < LeastSeconds))
        {
            return default;
        }

        var worst = byRows ? largest : slowest;
        var hasMoreRows = worst.Rows >= 2 * Math.Max(1, rows);
        var readsSource = stage.Index == 0;
        return (Math.Max(0, worst.Seconds - seconds), new StoryFinding(
            "skew", $"Partition {worst.Partition.Task.Partition} of stage {stage.Index} " + (
                !hasMoreRows ? "took far longer than the others, for about as many rows."
                : readsSource ? "has far more to do than the others."
                : "has far more to do than the others; one key, or few, hold most of its rows."),
            $"It read {Words.Of(worst.Rows, "row")} in {Words.Duration(worst.Seconds)} on {worst.Attempt.Worker.Value}; the "
            + "median of the stage is "
                + $"{Words.Of((long)rows, "row")} in {Words.Duration(seconds)}.",
            hasMoreRows && readsSource ? Change("/partitioning/targetBytes", Math.Max(1024, facts.TargetBytes / 4)) : null));
    }

    // Of what a query leaves of its rows little is known before it has run: a wrong guess costs, but nobody can set it right.
    private static (double Seconds, StoryFinding? Finding) Misestimate(StageFacts stage, StoryFacts facts)
    {
        var plan = facts.Stages.FirstOrDefault(planned => planned.Index == stage.Index);
        if (plan?.EstimatedRows is not { } estimated || stage.Committed.Count < stage.Partitions)
        {
            return default;
        }

        var rows = stage.Committed.Sum(each => each.Partition.Manifest?.RowsOut ?? 0);
        var (least, most) = (Math.Max(1, Math.Min(rows, estimated)), Math.Max(rows, estimated));
        return most < LeastSkewRows || most < EstimateFactor * least ? default : (0, new StoryFinding(
            "misestimate",
            $"Stage {stage.Index} ({plan.Name}) wrote {(rows > estimated ? "far more" : "far fewer")} rows than the plan was "
            + "made for.",
            $"{Words.Of(rows, "row")} instead of about {Words.Of(estimated, "row")}, {most / least:0} times as "
            + $"{(rows > estimated ? "many" : "few")}."));
    }

    // From the end of the engine's own work to the commit an attempt only writes and syncs what it made, and stores that it did.
    private static (double Seconds, StoryFinding? Finding) SlowWrites(StageFacts stage)
    {
        var measured = stage.Committed.Where(each => each.Attempt.Cost is not null).ToList();
        var wall = measured.Sum(each => each.Seconds);
        var outside = measured.Sum(each => Math.Max(0, each.Seconds - each.Attempt.Cost!.Seconds));
        return outside < LeastSeconds || outside < StorageShare * wall ? default : (outside, new StoryFinding(
            "slow-writes",
            $"Attempts of stage {stage.Index} waited for storage, or for their executor to start, longer than they computed.",
            $"{Words.Duration(outside)} of {Words.Duration(wall)} passed before or after the engine's own work: starting, "
            + "writing and committing outputs."));
    }

    private static (double Seconds, StoryFinding? Finding) Spill(StoryFacts facts)
    {
        var spilled = facts.Attempts.Where(attempt => attempt.Cost is { SpilledBytes: > 0 }).ToList();
        var bytes = spilled.Sum(attempt => attempt.Cost!.SpilledBytes);
        return bytes < 1L << 20 ? default : (Seconds(spilled) / 4, new StoryFinding(
            "spill", $"{Words.Of(spilled.Count, "attempt")} wrote to local disk for want of memory.",
            $"{Words.Bytes(bytes)} in all, with {Words.Bytes(facts.Asked.MemoryBytes)} for each task.",
            Change("/resources/memoryBytes", facts.Asked.MemoryBytes * 2)));
    }

    private static (double Seconds, StoryFinding? Finding) Waited(StoryFacts facts)
    {
        var (created, started) = (facts.Status.CreatedAt, facts.Status.StartedAt ?? facts.Status.FinishedAt ?? facts.Now);
        var waited = (started - created).TotalSeconds;
        var whole = ((facts.Status.FinishedAt ?? facts.Now) - created).TotalSeconds;
        return waited < LeastSeconds || waited < 0.3 * whole ? default : (waited, new StoryFinding(
            "waited", "The job waited for much of its time before anything of it ran.",
            $"{Words.Duration(waited)} of {Words.Duration(whole)}.", Change("/priority", "HIGH")));
    }

    private static (double Seconds, StoryFinding? Finding) TinyPartitions(IReadOnlyList<StageFacts> stages, StoryFacts facts)
    {
        if (stages.FirstOrDefault(stage => stage.Index == 0) is not { Committed.Count: >= 32 } first)
        {
            return default;
        }

        var median = Median(first.Committed.Select(each => each.Seconds));
        var bytes = Median(first.Committed.Select(each => (double)each.Partition.Work.Bytes));
        return median > 0.2 || bytes >= facts.TargetBytes / 2.0 || facts.TargetBytes >= 100L << 20
            ? default
            : (first.Committed.Count * 0.03, new StoryFinding(
            "tiny-partitions", "The data is cut into many small partitions; starting them costs more than it brings.",
            $"{Words.Of(first.Committed.Count, "partition")} of about {Words.Bytes(bytes)}, {Words.Duration(median)} each.",
            Change("/partitioning/targetBytes", 104_857_600L)));
    }

    private static (double Seconds, StoryFinding? Finding) Quarantine(StoryFacts facts) =>
        facts.Status.QuarantinedRows == 0 ? default : (0, new StoryFinding(
        "quarantine",
        $"{Words.Of(facts.Status.QuarantinedRows, "row")} did not fit the schema and "
        + $"{(facts.Status.QuarantinedRows == 1 ? "is" : "are")} not in the result.",
        "The Quarantine tab, and /quarantine, have them with their place and reason."));

    private static List<AttemptRecord> Failed(StoryFacts facts, Func<FailureKind, bool> which) =>
        [.. facts.Attempts.Where(attempt => attempt is { State: AttemptState.Failed, Failure: { } failure }
            && which(failure.Kind))];

    private static double Seconds(IEnumerable<AttemptRecord> attempts) =>
        attempts.Sum(attempt => ((attempt.EndedAt ?? attempt.StartedAt) - attempt.StartedAt).TotalSeconds);

    private static StoryChange Change<T>(string pointer, T value) =>
        new(pointer, JsonSerializer.SerializeToElement(value, WireJson.Options));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
