using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// How many workers a load needs. Up when more were needed at every moment of a short while, so that a burst shorter than a worker's start
/// starts none; down when fewer were needed at every moment of a longer while, to the most that any of them needed. A load that
/// changes once therefore changes the number in one direction, and back at most once, when what had piled up is done.
/// </summary>
public static class ScalingPolicy
{
    /// <summary>Remembers a sample and decides.</summary>
    /// <returns>The samples to give to the next call, and the decision when it is not to stay.</returns>
    public static (IReadOnlyList<LoadSample> Samples, ScalingStep? Step) Decide(
        IReadOnlyList<LoadSample> samples, LoadSample latest, int workers, ScalingBounds bounds, ScalingRules rules)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(latest);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(rules);
        var now = latest.At;
        IReadOnlyList<LoadSample> kept = [.. samples.Where(sample => now - sample.At <= rules.DownAfter && sample.At < now), latest];

        var up = Over(kept, now, rules.UpAfter)?.Min(sample => Needed(sample, bounds, rules)) ?? workers;
        if (up > workers)
        {
            var each = latest.MeanSeconds is { } seconds ? Invariant($" of {seconds:0.0} s") : "";
            return (kept, new ScalingStep(up, Invariant(
                $"{latest.Ready} partitions{each} wait and {latest.Busy} run; {up} workers with {latest.SlotsPerWorker} slots each can take them.")));
        }

        var down = Over(kept, now, rules.DownAfter)?.Max(sample => Needed(sample, bounds, rules)) ?? workers;
        return down < workers
            ? (kept, new ScalingStep(down, Invariant($"For {rules.DownAfter.TotalSeconds:0} s no more than {down} workers were needed.")))
            : (kept, null);
    }

    /// <summary>
    /// Workers for all that runs and waits, within the bounds: a slot for each partition, but no worker whose share of what waits takes less
    /// time than its start.
    /// </summary>
    public static int Needed(LoadSample sample, ScalingBounds bounds, ScalingRules rules)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(rules);
        var slots = Math.Max(1, sample.SlotsPerWorker);
        var all = Math.Ceiling(((double)sample.Ready + sample.Busy) / slots);
        var worthIt = sample.MeanSeconds is { } seconds
            ? Math.Ceiling(((double)sample.Busy / slots) + (sample.Ready * seconds / (rules.WorkerStart.TotalSeconds * slots)))
            : all;
        return (int)Math.Clamp(Math.Min(all, worthIt), bounds.MinWorkers, bounds.MaxWorkers);
    }

    // Null while the samples do not reach back over the whole window: what is not known is no reason to act.
    private static List<LoadSample>? Over(IReadOnlyList<LoadSample> samples, DateTimeOffset now, TimeSpan window)
    {
        var isCovered = samples[0].At <= now - window + (window / 10);
        return isCovered ? [.. samples.Where(sample => sample.At >= now - window)] : null;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>The load at one moment.</summary>
/// <param name="At">When.</param>
/// <param name="Ready">Partitions that could run now.</param>
/// <param name="Busy">Slots in use.</param>
/// <param name="SlotsPerWorker">Slots that one worker offers.</param>
/// <param name="MeanSeconds">How long a partition took lately; null while none has ended.</param>
public sealed record LoadSample(DateTimeOffset At, int Ready, int Busy, int SlotsPerWorker, double? MeanSeconds = null);

/// <summary>How eager the policy is.</summary>
/// <param name="UpAfter">How long more must be needed. Above the time between samples.</param>
/// <param name="DownAfter">How long fewer must be needed; the cool-down.</param>
/// <param name="WorkerStart">What the start of a worker costs.</param>
public sealed record ScalingRules(TimeSpan UpAfter, TimeSpan DownAfter, TimeSpan WorkerStart);

/// <summary>A new number of workers.</summary>
public sealed record ScalingStep(int Workers, string Reason);
