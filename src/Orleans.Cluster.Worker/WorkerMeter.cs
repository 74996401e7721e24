using System.Diagnostics;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.Worker;

/// <summary>Measures what this worker's processes use, and whether it is well enough to take tasks.</summary>
internal sealed class WorkerMeter(
    ExecutorPool pool, MemoryGuard guard, ClusterPaths paths, PauseWatch pauses, IArtifactSight sight,
    IOptions<WorkerOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private DateTimeOffset lastAt = clock.GetUtcNow();
    private Dictionary<int, double> lastCpu = [];
    private double cpu;
    private long spilled;
    private WorkerUsage? usage;
    private DateTimeOffset lookedAt;

    /// <summary>What holds the executors to their memory.</summary>
    public MemoryCap MemoryCap => guard.Cap;

    /// <summary>
    /// Usage of silo and executors, of a moment ago at most: a report may be made for each task. Processors are a mean over at
    /// least half a second.
    /// </summary>
    public WorkerUsage Usage()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (usage is null || now - lookedAt >= FreshFor || now < lookedAt)
            {
                (usage, lookedAt) = (Look(now), now);
            }

            return usage;
        }
    }

    /// <summary>Completes when this worker sees its artifact store for the first time.</summary>
    public Task StoreSeen => sight.Seen;

    /// <summary>Why this worker should get nothing; null when it is well.</summary>
    public string? Unwell() => sight.FindFault() ?? WorkerHealth.Judge(
        new WorkerSigns(
            [.. new[] { paths.Scratch, paths.ArtifactFolder }.OfType<string>()
                .Select(folder => new DiskSpace(folder, DiskRoom.FreeBytes(folder)))],
            pauses.Share()),
        options.Value.Limits);

    private WorkerUsage Look(DateTimeOffset now)
    {
        var executors = pool.Processes;
        var elapsed = (now - lastAt).TotalSeconds;
        if (elapsed >= 0.5)
        {
            using var self = Process.GetCurrentProcess();
            var seen = executors.ToDictionary(process => process.Id, process => process.CpuSeconds());
            seen[self.Id] = self.TotalProcessorTime.TotalSeconds;
            cpu = seen.Sum(pair => Math.Max(0, pair.Value - lastCpu.GetValueOrDefault(pair.Key, pair.Value))) / elapsed;
            (lastCpu, lastAt) = (seen, now);
        }

        return new WorkerUsage(
            Math.Round(cpu, 2),
            (ResidentSet.Of(Environment.ProcessId) ?? Environment.WorkingSet) + executors.Sum(process => process.ResidentBytes()),
            SpilledBytes(), DiskRoom.FreeBytes(paths.Scratch));
    }

    // Folders of attempts come and go while they are looked at.
    private long SpilledBytes()
    {
        try
        {
            var folder = new DirectoryInfo(
                Path.Combine(paths.Scratch, Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            spilled = folder.Exists ? folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
        }
        catch (IOException)
        {
            // What was seen last is near enough; the next report looks again.
        }

        return spilled;
    }
}
