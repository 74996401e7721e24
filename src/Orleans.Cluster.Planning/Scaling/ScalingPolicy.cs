using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// How many workers a load needs. Up when more were needed at every moment of a short while, so that a burst shorter than a worker's start
/// starts none; down when fewer were needed at every moment of a longer while, to the most that any of them needed. A load that
/// changes once therefore changes the number in one direction only.
/// </summary>
public static class ScalingPolicy
{
    /// <summary>Remembers a sample and decides.</summary>
    /// <returns>The samples to give to the next call, and the decision when it is not to stay.</returns>
    public static (IReadOnlyList<LoadSample> Samples, ScalingStep? Step) Decide(
        IReadOnlyList<LoadSample> samples, LoadSample latest, int workers, ScalingBounds bounds, ScalingWindows windows)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(latest);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(windows);
        var now = latest.At;
        IReadOnlyList<LoadSample> kept = [.. samples.Where(sample => now - sample.At <= windows.Down && sample.At < now), latest];

        var up = Over(kept, now, windows.Up)?.Min(sample => Needed(sample, bounds)) ?? workers;
        if (up > workers)
        {
            return (kept, new ScalingStep(up, Invariant($"{latest.Ready} partitions wait and {latest.Busy} run; {up} workers of {latest.SlotsPerWorker} slots can take them.")));
        }

        var down = Over(kept, now, windows.Down)?.Max(sample => Needed(sample, bounds)) ?? workers;
        return down < workers
            ? (kept, new ScalingStep(down, Invariant($"For {windows.Down.TotalSeconds:F0} s no more than {down} workers were needed.")))
            : (kept, null);
    }

    /// <summary>Workers whose slots would hold all that runs and waits, within the bounds.</summary>
    public static int Needed(LoadSample sample, ScalingBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(bounds);
        var slots = Math.Max(1, sample.SlotsPerWorker);
        var needed = ((long)sample.Ready + sample.Busy + slots - 1) / slots;
        return (int)Math.Clamp(needed, bounds.MinWorkers, bounds.MaxWorkers);
    }

    // Null while the samples do not reach back over the whole window: what is not known is no reason to act.
    private static List<LoadSample>? Over(IReadOnlyList<LoadSample> samples, DateTimeOffset now, TimeSpan window)
    {
        var covered = samples[0].At <= now - window + TimeSpan.FromTicks(window.Ticks / 10);
        return covered ? [.. samples.Where(sample => sample.At >= now - window)] : null;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>The load at one moment.</summary>
/// <param name="At">When.</param>
/// <param name="Ready">Partitions that could run now.</param>
/// <param name="Busy">Slots in use.</param>
/// <param name="SlotsPerWorker">Slots that one worker offers.</param>
public sealed record LoadSample(DateTimeOffset At, int Ready, int Busy, int SlotsPerWorker);

/// <summary>How long a load must last before the number of workers follows it. Both above the time between samples.</summary>
public sealed record ScalingWindows(TimeSpan Up, TimeSpan Down);

/// <summary>A new number of workers.</summary>
public sealed record ScalingStep(int Workers, string Reason);
