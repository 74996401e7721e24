using System.Globalization;
using System.Runtime.CompilerServices;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Planning.Resources;

/// <summary>
/// Advice from what was measured. Each rule says what it saw and what following it should bring; a rule without a gain is silent.
/// </summary>
public static class Recommendations
{
    /// <summary>Head room above the largest resident size seen.</summary>
    private const double MemoryMargin = 1.5;

    /// <summary>What an executor needs before it reads a row, and then some.</summary>
    public const long LeastMemoryBytes = 256L << 20;

    private const long MemoryStep = 64L << 20;

    // Starting a task costs some hundredths of a second: below this it is a large part of the whole.
    private const double ShortSeconds = 0.3;
    private const double LongSeconds = 120;
    private const int ManyPartitions = 16;
    private const double SkewFactor = 4;
    private const int MostWorkers = 32;

    /// <summary>Advice for jobs that were measured and for the cluster now.</summary>
    public static IReadOnlyList<Recommendation> Make(
        IReadOnlyList<JobResources> jobs, IReadOnlyList<WorkerResources> workers, QueueStatus queue)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(workers);
        ArgumentNullException.ThrowIfNull(queue);
        var open = workers.Where(worker => worker.State == WorkerState.Active).ToList();
        var ofJobs = jobs
            .Where(job => job.Usage is { Attempts: > 0 })
            .SelectMany(job =>
                (IEnumerable<Recommendation?>)[Memory(job, job.Usage!, open), Partitions(job, job.Usage!),
                    Skew(job, job.Usage!)]);
        return [.. ofJobs.Append(IdleSlots(queue, open)).Append(Workers(queue, open, jobs)).OfType<Recommendation>()];
    }

    /// <summary>Tasks of one size that run at once on idle workers.</summary>
    public static long AtOnce(ResourceRequest request, IReadOnlyList<WorkerResources> workers) => workers.Sum(worker => Math.Min(
        worker.Slots / Math.Max(1, request.Cpu),
        Math.Min(worker.Memory.OfferedBytes / Math.Max(1, request.MemoryBytes), request.Gpu == 0
            ? long.MaxValue
            : worker.Gpus / request.Gpu)));

    private static Recommendation? Memory(JobResources job, JobUsage usage, IReadOnlyList<WorkerResources> workers)
    {
        var asked = job.Asked.MemoryBytes;
        var evidence = Text(
            $"{usage.Attempts} attempts asked for {Mib(asked)} MiB each; the largest resident size was "
            + $"{Mib(usage.PeakMemoryBytes)} MiB, {Mib(usage.SpilledBytes)} MiB were spilled, {usage.OutOfMemory} ran out of "
            + $"memory.");
        if (usage.OutOfMemory > 0 || usage.SpilledBytes > usage.Attempts * asked / 4)
        {
            return new Recommendation(
                "memory-too-small", job.Id, Text($"Ask for {Mib(2 * asked)} MiB, or cut partitions half as large."), evidence,
                "No attempt is thrown away for want of memory, and none writes to disk what it reads again.",
                Setting("/resources/memoryBytes", 2 * asked));
        }

        var enough = Math.Max(LeastMemoryBytes, RoundUp((long)(usage.PeakMemoryBytes * MemoryMargin), MemoryStep));
        var (before, after) = (AtOnce(job.Asked, workers), AtOnce(job.Asked with { MemoryBytes = enough }, workers));
        return enough < asked && after > before
            ? new Recommendation(
                "memory-too-large", job.Id, Text($"Ask for {Mib(enough)} MiB."), evidence,
                Text($"{after} partitions run at once instead of {before}."), Setting("/resources/memoryBytes", enough))
            : null;
    }

    private static Recommendation? Partitions(JobResources job, JobUsage usage)
    {
        if (usage.MeanSeconds < ShortSeconds && usage.Attempts >= ManyPartitions && usage.MeanBytes > 0)
        {
            var target = (long)Math.Round(usage.MeanBytes * Math.Min(16, 2 * ShortSeconds / Math.Max(0.01, usage.MeanSeconds)));
            var count = Math.Max(1, usage.Attempts * usage.MeanBytes / target);
            return new Recommendation(
                "partitions-too-small", job.Id, Text($"Cut partitions of {target} bytes."),
                Text($"{usage.Attempts} partitions of {usage.MeanBytes} bytes took {usage.MeanSeconds:0.000} s each."),
                Text($"About {count} {(count == 1 ? "partition" : "partitions")} instead of {usage.Attempts}: "
                + $"less time goes into starting them."),
                Setting("/partitioning/targetBytes", target));
        }

        if (usage.MeanSeconds > LongSeconds)
        {
            var target = Math.Max(1024, (long)(usage.MeanBytes * LongSeconds / 4 / usage.MeanSeconds));
            return new Recommendation(
                "partitions-too-large", job.Id, Text($"Cut partitions of {target} bytes."),
                Text($"A partition of {usage.MeanBytes} bytes took {usage.MeanSeconds:0} s."),
                Text($"A failure costs {LongSeconds / 4:0} s instead of {usage.MeanSeconds:0} s, and more urgent jobs wait no "
                + $"longer than that for a slot."),
                Setting("/partitioning/targetBytes", target));
        }

        return null;
    }

    private static Recommendation? Skew(JobResources job, JobUsage usage) =>
        usage is { Attempts: >= 4, MaxSeconds: > 1 } && usage.MaxSeconds > SkewFactor * Math.Max(0.01, usage.MedianSeconds)
            ? new Recommendation(
                "skew", job.Id, "Cut smaller partitions, or group by a key that is spread more evenly.",
                Text($"The longest of {usage.Attempts} attempts took {usage.MaxSeconds:0.0} s, the median "
                + $"{usage.MedianSeconds:0.0} s."),
                Text($"The stage ends up to {usage.MaxSeconds - usage.MedianSeconds:0.0} s earlier."),
                Setting("/partitioning/targetBytes", Math.Max(1024, usage.MeanBytes / 4)))
            : null;

    private static Recommendation? IdleSlots(QueueStatus queue, IReadOnlyList<WorkerResources> workers)
    {
        var idle = workers.Sum(worker => worker.Slots - worker.BusySlots);
        var starved = queue.Waiting.Where(job => job.Reason.Code is ReasonCode.WaitingForMemory or ReasonCode.WaitingForGpu)
            .ToList();
        if (idle == 0 || starved.Count == 0)
        {
            return null;
        }

        var perSlot = workers.Max(worker => worker.Memory.OfferedBytes / Math.Max(1, worker.Slots));
        return new Recommendation(
            "idle-slots", null, Text($"Ask for {Mib(perSlot)} MiB a task at most, or give workers more memory."),
            Text($"{idle} slots are idle while {starved.Count} jobs wait, the first of them: {starved[0].Reason.Detail}"),
            Text($"Up to {idle} more partitions run at once."), Setting("/resources/memoryBytes", perSlot));
    }

    private static Recommendation? Workers(
        QueueStatus queue, IReadOnlyList<WorkerResources> workers, IReadOnlyList<JobResources> jobs)
    {
        if (workers.Count == 0 || queue.TotalSlots == 0)
        {
            return null;
        }

        var waiting = queue.Priorities.Sum(level => level.Partitions);
        var seconds = jobs.Where(job => job.Usage is not null).Select(job => job.Usage!.MeanSeconds).DefaultIfEmpty(0).Average();
        if (queue.BusySlots >= queue.TotalSlots && waiting > 2 * queue.TotalSlots && workers.Count < MostWorkers)
        {
            var wanted = Math.Min(MostWorkers, workers.Count * 2);
            return new Recommendation(
                "add-workers", null, Text($"Run {wanted} workers."),
                Text($"All {queue.TotalSlots} slots are busy and {waiting} partitions wait; one takes {seconds:0.0} s."),
                Text($"What waits now is done in about "
                + $"{waiting * seconds / (queue.TotalSlots * (double)wanted / workers.Count):0} s instead of "
                + $"{waiting * seconds / queue.TotalSlots:0} s."),
                Setting("workers", wanted));
        }

        var needed = Math.Max(1, (int)Math.Ceiling(queue.BusySlots / (queue.TotalSlots / (double)workers.Count)));

        // A cluster that does nothing, such as a new one, says nothing about how much it needs.
        return queue.BusySlots > 0 && waiting == 0 && queue.Waiting.Count == 0 && needed * 2 <= workers.Count
            ? new Recommendation(
                "remove-workers", null, Text($"Run {needed} {(needed == 1 ? "worker" : "workers")}."),
                Text($"{queue.BusySlots} of {queue.TotalSlots} slots are busy now and nothing waits."),
                Text($"{workers.Skip(needed).Sum(worker => worker.Memory.OfferedBytes) >> 20} MiB of memory are free for "
                + $"others."), Setting("workers", needed))
            : null;
    }

    private static Dictionary<string, long> Setting(string name, long value) => new() { [name] = value };

    private static long RoundUp(long value, long step) => (value + step - 1) / step * step;

    private static long Mib(long bytes) => bytes >> 20;

    private static string Text(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();
}
