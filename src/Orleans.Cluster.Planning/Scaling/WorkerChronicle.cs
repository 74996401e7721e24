using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// Remembers workers after they are gone. The queue's own list goes with the silo that hosts the queue, which may be the very
/// worker that died; this one is filled by a gateway, and what it has to say is stored (<see cref="Unsaved"/>) so that the next
/// gateway goes on with it.
/// </summary>
public sealed class WorkerChronicle
{
    /// <summary>How long the dead are remembered.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    // A worker that the queue has not named for this long is gone, although nobody has seen it go: queue and worker may have died
    // together.
    private static readonly TimeSpan Unheard = TimeSpan.FromMinutes(1);

    // How old the stored word of a living worker may be.
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(1);
    private const int MaxKept = 128;

    private readonly Dictionary<WorkerId, (WorkerStatus Status, DateTimeOffset HeardAt)> living = [];
    private readonly List<WorkerStatus> departed = [];
    private readonly Dictionary<WorkerId, WorkerStatus> saved = [];

    /// <summary>Workers that are gone, the oldest first.</summary>
    public IReadOnlyList<WorkerStatus> Departed => [.. departed];

    /// <summary>What is not stored yet: new workers, the newly dead, and the living whose stored word is old.</summary>
    public IReadOnlyList<WorkerStatus> Unsaved =>
    [
        .. departed.Where(worker => !saved.TryGetValue(worker.Id, out var stored) || stored != worker),
        .. living.Values.Select(pair => pair.Status).Where(worker =>
            !saved.TryGetValue(worker.Id, out var stored) || worker.LastSeen - stored.LastSeen >= Renewal),
    ];

    /// <summary>These are stored now.</summary>
    public void Save(IEnumerable<WorkerStatus> workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        foreach (var worker in workers)
        {
            saved[worker.Id] = worker;
        }
    }

    /// <summary>
    /// Takes over what another gateway, or an earlier life of this one, has stored. What it says of the dead is better than what
    /// is known here.
    /// </summary>
    public void Restore(IReadOnlyCollection<WorkerStatus> stored, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(stored);
        foreach (var worker in stored)
        {
            saved[worker.Id] = worker;
            var known = departed.FindIndex(gone => gone.Id == worker.Id);
            if (worker.State != WorkerState.Dead)
            {
                if (known < 0)
                {
                    living.TryAdd(worker.Id, (worker, now));
                }

                continue;
            }

            living.Remove(worker.Id);
            if (known < 0)
            {
                departed.Add(worker);
            }
            else
            {
                departed[known] = worker;
            }
        }

        departed.Sort((one, other) => one.LastSeen.CompareTo(other.LastSeen));
    }

    /// <summary>Takes what the queue and the target say now.</summary>
    public void Note(IReadOnlyCollection<WorkerStatus> reported, IReadOnlyCollection<ScaleInstance> instances, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(reported);
        ArgumentNullException.ThrowIfNull(instances);
        foreach (var worker in reported)
        {
            if (worker.State == WorkerState.Dead)
            {
                MarkDead(worker, instances);
            }
            else if (!departed.Exists(gone => gone.Id == worker.Id))
            {
                living[worker.Id] = (worker, now);
            }
        }

        foreach (var (worker, heardAt) in living.Values.ToList())
        {
            if (instances.Any(instance => instance.End is not null && WorkerMatch.Is(worker, instance)))
            {
                MarkDead(worker, instances);
            }
            else if (now - heardAt > Unheard)
            {
                var since = worker.LastSeen.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                MarkDead(worker with { Busy = 0, Cpu = 0, Reason = $"It was not heard of after {since}; nobody saw it end." },
                    instances);
            }
        }

        departed.RemoveAll(worker => now - worker.LastSeen > Kept);
        departed.RemoveRange(0, Math.Max(0, departed.Count - MaxKept));
        foreach (var id in saved.Keys.Where(id => !living.ContainsKey(id) && !departed.Exists(gone => gone.Id == id)).ToList())
        {
            saved.Remove(id);
        }
    }

    /// <summary>Whether the worker of an instance has ever reported.</summary>
    public bool HasJoined(ScaleInstance instance) => living.Values.Any(pair => WorkerMatch.Is(pair.Status, instance));

    // The target knows how a process ended; the queue only that it is silent.
    private void MarkDead(WorkerStatus worker, IReadOnlyCollection<ScaleInstance> instances)
    {
        living.Remove(worker.Id);
        var end = instances.FirstOrDefault(instance => instance.End is not null && WorkerMatch.Is(worker, instance))?.End;
        var known = departed.FindIndex(gone => gone.Id == worker.Id);
        var dead = end is not null ? WorkerMatch.MarkDead(worker, end) : worker with { State = WorkerState.Dead };
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
