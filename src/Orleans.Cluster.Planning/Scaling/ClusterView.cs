using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>What the reconciler has seen and does; with the desired state it makes the status document.</summary>
[GenerateSerializer, Immutable, Alias("ObservedScale")]
public sealed record ObservedScale
{
    /// <summary>Word of the scale target.</summary>
    [Id(0)]
    public required string Target { get; init; }

    /// <summary>False when workers are run by hand.</summary>
    [Id(1)]
    public required bool CanScale { get; init; }

    /// <summary>Workers as the target sees them, the lately ended too.</summary>
    [Id(2)]
    public IReadOnlyList<ScaleInstance> Instances { get; init; } = [];

    /// <summary>Instances that leave.</summary>
    [Id(3)]
    public IReadOnlyList<string> Leaving { get; init; } = [];

    /// <summary>Why no worker is started although some are missing.</summary>
    [Id(4)]
    public RestartPause? Pause { get; init; }

    /// <summary>Why workers cannot be looked after at all; null when they can.</summary>
    [Id(5)]
    public string? Trouble { get; init; }
}

/// <summary>The cluster as a document.</summary>
public static class ClusterView
{
    /// <summary>Puts together what is wanted, what the target sees and what the workers report.</summary>
    public static ClusterStatus Compose(DesiredState desired, ObservedScale observed, IReadOnlyList<WorkerStatus> reported)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(reported);
        var workers = reported.Select(worker => Describe(worker, observed)).Concat(FindJoining(observed, reported)).ToList();
        var active = workers.Count(worker => worker.State == WorkerState.Active);
        var wanted = observed.CanScale || !desired.IsRunning ? desired.WantedWorkers() : active;
        return new ClusterStatus(
            StateOf(desired, observed, workers, wanted), wanted, active, workers, desired.Decisions.Count == 0 ? null : desired.Decisions[^1], DetailOf(observed))
        {
            Autoscaling = desired.Autoscaling,
            ScaleTarget = observed.Target,
        };
    }

    private static ClusterState StateOf(DesiredState desired, ObservedScale observed, List<WorkerStatus> workers, int wanted)
    {
        var active = workers.Count(worker => worker.State == WorkerState.Active);
        var present = workers.Count(worker => worker.State != WorkerState.Dead);
        return desired.IsRunning switch
        {
            false when present > 0 && observed.CanScale => ClusterState.Stopping,
            false => ClusterState.Stopped,
            true when observed.Pause is not null || observed.Trouble is not null => ClusterState.Degraded,
            true when active < wanted => ClusterState.Starting,
            true when observed.Leaving.Count > 0 || active > wanted => ClusterState.Scaling,
            true => ClusterState.Running,
        };
    }

    private static string? DetailOf(ObservedScale observed) => observed switch
    {
        { Trouble: { } trouble } => trouble,
        { Pause: { } pause } => FormattableString.Invariant(
            $"Workers keep ending ({pause.ShortLives} in a row); the next start is at {pause.Until:HH:mm:ss} UTC. Last: {pause.LastEnd}"),
        _ => null,
    };

    private static WorkerStatus Describe(WorkerStatus worker, ObservedScale observed)
    {
        var instance = observed.Instances.FirstOrDefault(candidate => WorkerMatch.Is(worker, candidate));
        return instance switch
        {
            { End: { } end } => worker with { State = WorkerState.Dead, Reason = end.WasRequested ? "stopped on request" : end.Detail },
            { } when worker.State is WorkerState.Active && observed.Leaving.Contains(instance.Id) =>
                worker with { State = WorkerState.Draining, Reason = "finishes what it runs, then leaves" },
            _ => worker,
        };
    }

    private static IEnumerable<WorkerStatus> FindJoining(ObservedScale observed, IReadOnlyList<WorkerStatus> reported) =>
        from instance in observed.Instances
        where instance.End is null && !reported.Any(worker => worker.State != WorkerState.Dead && WorkerMatch.Is(worker, instance))
        let isLeaving = observed.Leaving.Contains(instance.Id)
        select new WorkerStatus
        {
            Id = new WorkerId($"w-{instance.Machine}-{instance.Id}"),
            Address = "",
            State = isLeaving ? WorkerState.Draining : WorkerState.Joining,
            Reason = isLeaving ? "leaves before it has joined" : "started, has not reported yet",
            Slots = instance.Shape?.Slots ?? 0,
            Memory = new WorkerMemory(instance.Shape?.MemoryBytes ?? 0, 0, 0),
            StartedAt = instance.StartedAt,
            LastSeen = instance.StartedAt,
            ProcessId = instance.ProcessId ?? 0,
            Machine = instance.Machine,
        };
}
