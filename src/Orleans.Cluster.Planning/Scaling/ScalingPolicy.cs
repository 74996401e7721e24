using System.Runtime.CompilerServices;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// How many workers a load needs. Up and down look at different things, which keeps the number from swinging: up at what waits,
/// when it was more than the workers can do in the time that another one takes to start, at every moment of a short while; down
/// at what is busy, to the number that would have been well used, but not more, over a longer while. Workers that stay after a
/// step down have slack left, so that nothing piles up on them; a load that changes once changes the number in one direction, and
/// back at most once, when what had piled up before the new workers came is done.
/// </summary>
public static class ScalingPolicy
{
    /// <summary>How busy the workers that stay may be on average, so that they cope with the load's ups.</summary>
    private const double Utilisation = 0.6;

    /// <summary>
    /// Remembers a sample and decides. A decision begins a new observation: what was seen before it says nothing of the new
    /// number.
    /// </summary>
    /// <returns>The samples to give to the next call, and the decision when it is not to stay.</returns>
    public static (IReadOnlyList<LoadSample> Samples, ScalingStep? Step) Decide(
        IReadOnlyList<LoadSample> samples, LoadSample latest, int workers, ScalingBounds bounds, ScalingRules rules)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(latest);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(rules);
        var now = latest.At;
        IReadOnlyList<LoadSample> kept =
            [.. samples.Where(sample => now - sample.At <= rules.DownAfter && sample.At < now), latest];

        var up = Over(kept, now, rules.UpAfter)?.Min(sample => Needed(sample, workers, bounds, rules)) ?? workers;
        if (up > workers)
        {
            var each = latest.MeanSeconds is { } seconds ? Invariant($" of {seconds:0.0} s") : "";
            return ([], new ScalingStep(up, Invariant(
                $"{latest.Ready} partitions{each} wait and {latest.Busy} run; {up} workers with {latest.SlotsPerWorker} slots "
                + $"each can take them.")));
        }

        if (Over(kept, now, rules.DownAfter) is not { } window)
        {
            return (kept, null);
        }

        // Workers that are slow to start are not busy yet: what they are started for still waits.
        var busy = window.Average(sample => sample.Busy);
        var down = (int)Math.Clamp(
            Math.Ceiling(busy / Math.Max(1, latest.SlotsPerWorker) / Utilisation), bounds.MinWorkers, bounds.MaxWorkers);
        down = Math.Max(down, Needed(latest, down, bounds, rules));
        return down < workers
            ? ([], new ScalingStep(
                down, Invariant(
                    $"Over {rules.DownAfter.TotalSeconds:0} s {busy:0.0} slots were busy on average; {down} workers are "
                    + $"enough.")))
            : (kept, null);
    }

    /// <summary>
    /// Workers for all that runs and waits, within the bounds: a slot for each partition, but no worker whose share of what waits
    /// takes less time than its start; as many as there are when these are done with it as fast.
    /// </summary>
    public static int Needed(LoadSample sample, int workers, ScalingBounds bounds, ScalingRules rules)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(rules);
        var slots = Math.Max(1, sample.SlotsPerWorker);
        var needed = Math.Ceiling(((double)sample.Ready + sample.Busy) / slots);
        if (sample.MeanSeconds is { } seconds)
        {
            var starts = sample.Ready * seconds / (rules.WorkerStart.TotalSeconds * slots);
            needed = starts <= workers
                ? Math.Min(needed, workers)
                : Math.Min(needed, Math.Ceiling(((double)sample.Busy / slots) + starts));
        }

        needed = Math.Max(needed, sample.LeastWorkers);
        return (int)Math.Clamp(needed, bounds.MinWorkers, bounds.MaxWorkers);
    }

    // Null while the samples do not reach back over the whole window: what is not known is no reason to act.
    private static List<LoadSample>? Over(IReadOnlyList<LoadSample> samples, DateTimeOffset now, TimeSpan window)
    {
        var isCovered = samples[0].At <= now - window + (window / 10);
        return isCovered ? [.. samples.Where(sample => sample.At >= now - window)] : null;
    }

    private static string Invariant(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();
}

/// <summary>The load at one moment.</summary>
/// <param name="At">When.</param>
/// <param name="Ready">Partitions that could run now.</param>
/// <param name="Busy">Slots in use.</param>
/// <param name="SlotsPerWorker">Slots that one worker offers.</param>
/// <param name="MeanSeconds">How long a partition took lately; null while none has ended.</param>
/// <param name="LeastWorkers">Workers without which a gang that waits can never begin.</param>
public sealed record LoadSample(
    DateTimeOffset At, int Ready, int Busy, int SlotsPerWorker, double? MeanSeconds = null, int LeastWorkers = 0);

/// <summary>How eager the policy is.</summary>
/// <param name="UpAfter">How long more must be needed. Above the time between samples.</param>
/// <param name="DownAfter">How long fewer must be needed; the cool-down.</param>
/// <param name="WorkerStart">What the start of a worker costs.</param>
public sealed record ScalingRules(TimeSpan UpAfter, TimeSpan DownAfter, TimeSpan WorkerStart);

/// <summary>A new number of workers.</summary>
public sealed record ScalingStep(int Workers, string Reason);
