using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// Remembers workers after they are gone. The queue's own list goes with the silo that hosts the queue, which may be the very worker that
/// died; this one stays with the gateway.
/// </summary>
public sealed class WorkerChronicle
{
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private const int MaxKept = 128;

    private readonly Dictionary<WorkerId, WorkerStatus> living = [];
    private readonly List<WorkerStatus> departed = [];

    /// <summary>Workers that are gone, the oldest first.</summary>
    public IReadOnlyList<WorkerStatus> Departed => [.. departed];

    /// <summary>Takes what the queue and the target say now.</summary>
    public void Note(IReadOnlyCollection<WorkerStatus> reported, IReadOnlyCollection<ScaleInstance> instances, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(reported);
        ArgumentNullException.ThrowIfNull(instances);
        foreach (var worker in reported)
        {
            if (worker.State == WorkerState.Dead)
            {
                Bury(worker, instances);
            }
            else if (!departed.Exists(gone => gone.Id == worker.Id))
            {
                living[worker.Id] = worker;
            }
        }

        foreach (var worker in living.Values.ToList())
        {
            if (instances.Any(instance => instance.End is not null && WorkerMatch.Is(worker, instance)))
            {
                Bury(worker, instances);
            }
        }

        departed.RemoveAll(worker => now - worker.LastSeen > Kept);
        departed.RemoveRange(0, Math.Max(0, departed.Count - MaxKept));
    }

    /// <summary>Whether the worker of an instance has ever reported.</summary>
    public bool HasJoined(ScaleInstance instance) => living.Values.Any(worker => WorkerMatch.Is(worker, instance));

    // The target knows how a process ended; the queue only that it is silent.
    private void Bury(WorkerStatus worker, IReadOnlyCollection<ScaleInstance> instances)
    {
        living.Remove(worker.Id);
        var end = instances.FirstOrDefault(instance => instance.End is not null && WorkerMatch.Is(worker, instance))?.End;
        var known = departed.FindIndex(gone => gone.Id == worker.Id);
        var dead = end is not null ? WorkerMatch.Bury(worker, end) : worker with { State = WorkerState.Dead };
        if (known < 0)
        {
            departed.Add(dead);
        }
        else if (end is not null)
        {
            departed[known] = dead;
        }
    }
}
