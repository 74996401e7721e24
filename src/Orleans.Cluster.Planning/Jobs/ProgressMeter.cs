using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// How far a job is and how long it will take: stages weighted by the bytes that they read (once open, else as far as the stages
/// before them tell), each stage by what its committed and running partitions have read of theirs.
/// </summary>
public static class ProgressMeter
{
    // Part of a task that is left when it has read its input.
    private const double AfterReading = 0.05;

    // A stage that opens later is small until measured, but never nothing: its tasks take time whatever they read.
    private const long LeastStageBytes = 1 << 20;

    /// <summary>Progress now. Never below <paramref name="before"/>; below 1 until the job has succeeded.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stages">Stages as the job remembers them.</param>
    /// <param name="tallies">Numbers of open stages.</param>
    /// <param name="running">Source bytes and rows that running attempts have read, by stage.</param>
    /// <param name="before">Progress last shown.</param>
    public static JobProgress Measure(
        JobPlan plan, IReadOnlyList<StageState> stages, IReadOnlyList<StageTally> tallies,
        IReadOnlyDictionary<int, (long Bytes, long Rows)> running, JobProgress before)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stages);
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(before);
        var byStage = tallies.ToDictionary(tally => tally.Stage);
        double weight = 0, done = 0;
        var weights = Weights(plan, byStage);
        foreach (var stage in plan.Stages)
        {
            var share = weights[stage.Index];
            weight += share;
            done += share * Share(byStage.GetValueOrDefault(stage.Index), running.GetValueOrDefault(stage.Index));
        }

        var scans = plan.Stages.Where(stage => stage.Inputs.Any(input => input.Dataset is not null))
            .Select(stage => stage.Index).ToHashSet();
        var bytes = tallies.Where(tally => scans.Contains(tally.Stage)).Sum(tally => tally.BytesDone)
            + running.Where(pair => scans.Contains(pair.Key)).Sum(pair => pair.Value.Bytes);
        var rows = tallies.Where(tally => scans.Contains(tally.Stage)).Sum(tally => tally.RowsIn)
            + running.Where(pair => scans.Contains(pair.Key)).Sum(pair => pair.Value.Rows);
        var total = plan.Datasets.Values.Sum(dataset => dataset.TotalBytes);
        return new JobProgress
        {
            Fraction = Math.Max(before.Fraction, Math.Min(0.999, weight == 0 ? 0 : done / weight)),
            BytesTotal = total,
            BytesDone = Math.Max(before.BytesDone, Math.Min(bytes, total)),
            RowsDone = Math.Max(before.RowsDone, rows),
            Partitions = Counts(stages, byStage),
            Stages = [.. plan.Stages.Select(stage => new StageProgress(
                stage.Index, stage.Name, Total(stages, byStage, stage.Index), byStage.GetValueOrDefault(stage.Index)?.Committed
                ?? 0))],
        };
    }

    /// <summary>Progress of a job that has ended without all of its partitions: none of them runs.</summary>
    public static JobProgress AtRest(JobProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var counts = progress.Partitions;
        return progress with { Partitions = counts with { Running = 0, Waiting = counts.Waiting + counts.Running } };
    }

    /// <summary>
    /// Time left, as it was estimated last, or at the pace since the start; null until 2 % is done, or a partition is and two
    /// seconds have passed, null once the only stage has read all, since what is left of it has another pace, and null once an
    /// estimate has run out by the clock: nothing new was heard, and the job is not over. The high estimate assumes two thirds of
    /// the pace.
    /// </summary>
    public static JobEta? Estimate(JobState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var progress = state.Progress;
        var elapsed = (now - state.StartedAt)?.TotalSeconds ?? 0;
        if (progress.Fraction is <= 0 or >= 1 || elapsed <= 0
            || (progress.Fraction < 0.02 && (elapsed < 2 || progress.Partitions.Completed == 0))
            || (progress.Stages.Count == 1 && progress.BytesTotal > 0 && progress.BytesDone >= progress.BytesTotal))
        {
            return null;
        }

        var left = state.TimeLeft is { } estimate ? estimate.Seconds - (now - estimate.At).TotalSeconds
            : elapsed * (1 - progress.Fraction) / progress.Fraction;
        return left <= 0 ? null : new JobEta(Math.Round(left, 1), Math.Round(left * 1.5, 1));
    }

    // An aggregate that makes little of much must not leave the bar at 14 % with nearly all work done: a stage that is not open
    // yet weighs what the stages before it have written so far, scaled up to all of their partitions.
    private static Dictionary<int, double> Weights(JobPlan plan, Dictionary<int, StageTally> tallies)
    {
        var weights = new Dictionary<int, double>();
        var outputs = new Dictionary<int, double>();
        foreach (var stage in plan.Stages)
        {
            var tally = tallies.GetValueOrDefault(stage.Index);
            var upstream = stage.Inputs.Where(input => input.Stage is not null)
                .Select(input => input.Stage!.Value).Distinct().ToList();
            double bytes = tally is { BytesTotal: > 0 }
                ? tally.BytesTotal
                : upstream.Count > 0 && stage.Inputs.All(input => input.Dataset is null)
                    ? Math.Min(stage.EstimatedBytes,
                        upstream.Sum(index => outputs.GetValueOrDefault(index, stage.EstimatedBytes)))
                    : stage.EstimatedBytes;
            weights[stage.Index] = Math.Max(LeastStageBytes, bytes);
            outputs[stage.Index] = tally is { Committed: > 0 } ? (double)tally.BytesOut * tally.Total / tally.Committed : bytes;
        }

        return weights;
    }

    private static double Share(StageTally? tally, (long Bytes, long Rows) running)
    {
        if (tally is null || tally.Total == 0)
        {
            return 0;
        }

        // A task that has read its last byte may have a sort or a join before it, and the writing of its rows.
        return tally.BytesTotal > 0
            ? Math.Min(
                1 - (AfterReading * (1 - (tally.Committed / (double)tally.Total))),
                (tally.BytesDone + running.Bytes) / (double)tally.BytesTotal)
            : tally.Committed / (double)tally.Total;
    }

    private static PartitionCounts Counts(IReadOnlyList<StageState> stages, Dictionary<int, StageTally> tallies) => new(
        stages.Sum(stage => Total(stages, tallies, stage.Index)),
        tallies.Values.Sum(tally => tally.Committed),
        tallies.Values.Sum(tally => tally.Running),
        stages.Sum(stage => Total(stages, tallies, stage.Index)) - tallies.Values.Sum(tally => tally.Committed + tally.Running),
        tallies.Values.Sum(tally => tally.Retried));

    private static int Total(IReadOnlyList<StageState> stages, Dictionary<int, StageTally> tallies, int index) =>
        tallies.TryGetValue(index, out var tally)
        ? tally.Total
        : stages.FirstOrDefault(stage => stage.Index == index)?.Partitions ?? 0;
}
