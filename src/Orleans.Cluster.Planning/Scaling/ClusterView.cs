using System.Globalization;
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

    /// <summary>Workers of the last hour that are gone.</summary>
    [Id(6)]
    public IReadOnlyList<WorkerStatus> Departed { get; init; } = [];
}

/// <summary>The cluster as a document.</summary>
public static class ClusterView
{
    /// <summary>Puts together what is wanted, what the target sees and what the workers report.</summary>
    /// <param name="desired">What is wanted.</param>
    /// <param name="observed">What the reconciler saw last; null when none has said anything yet.</param>
    /// <param name="reported">Workers as the queue knows them.</param>
    public static ClusterStatus Compose(DesiredState desired, ObservedScale? observed, IReadOnlyList<WorkerStatus> reported)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(reported);
        var isAttended = observed is not null;
        observed ??= new ObservedScale
        {
            Target = "unknown", CanScale = false, Trouble = "No gateway looks after the workers yet.",
        };
        var workers = ListWorkers(observed, reported);
        var active = workers.Count(worker => worker.State == WorkerState.Active);
        var wanted = observed.CanScale || !desired.IsRunning ? desired.WantedWorkers() : active;
        return new ClusterStatus(
            StateOf(desired, observed, workers, wanted), wanted, active, workers, desired.Decisions.Count == 0
            ? null
            : desired.Decisions[^1],
            DetailOf(desired, observed, workers))
        {
            Autoscaling = desired.Autoscaling,
            ScaleTarget = observed.Target,
            IsAttended = isAttended,
        };
    }

    /// <summary>All workers in order of their start: those that report, those on their way, and those that are gone.</summary>
    private static List<WorkerStatus> ListWorkers(ObservedScale observed, IReadOnlyList<WorkerStatus> reported)
    {
        var known = reported.Select(worker => Describe(worker, observed)).ToList();
        var ids = known.Select(worker => worker.Id).ToHashSet();
        var departed = observed.Departed.Where(worker => !ids.Contains(worker.Id));
        return
        [
            .. known.Concat(departed).Concat(FindJoining(observed, reported))
                .OrderBy(worker => worker.StartedAt).ThenBy(worker => worker.Id.Value, StringComparer.Ordinal),
        ];
    }

    private static ClusterState StateOf(DesiredState desired, ObservedScale observed, List<WorkerStatus> workers, int wanted)
    {
        var active = workers.Count(worker => worker.State == WorkerState.Active);
        // A silo has left the cluster a moment before its process has ended.
        var isEmpty = workers.TrueForAll(worker => worker.State == WorkerState.Dead)
            && observed.Instances.All(instance => instance.End is not null);
        return desired.IsRunning switch
        {
            false when !isEmpty && observed.CanScale => ClusterState.Stopping,
            false => ClusterState.Stopped,
            true when observed.Pause is not null || observed.Trouble is not null => ClusterState.Degraded,
            // All are there, and some of them get nothing: no others are coming.
            true when active < wanted
                && active + workers.Count(worker => worker.State == WorkerState.Unwell) >= wanted => ClusterState.Degraded,
            true when active < wanted => ClusterState.Starting,
            true when active > wanted || workers.Exists(worker => worker.State == WorkerState.Draining) => ClusterState.Scaling,
            true when wanted == 0 && isEmpty => ClusterState.Stopped,
            true => ClusterState.Running,
        };
    }

    private static string? DetailOf(DesiredState desired, ObservedScale observed, List<WorkerStatus> workers) => observed switch
    {
        { Trouble: { } trouble } => trouble,
        { Pause: { } pause } => string.Create(
            CultureInfo.InvariantCulture,
            $"Workers keep ending ({pause.ShortLives} in a row); the next start is at {pause.Until.UtcDateTime:HH:mm:ss}Z. Last: "
            + $"{pause.LastEnd}"),
        _ when !desired.IsRunning => $"Stopped on request; cluster/start brings {desired.Workers} workers back.",
        _ when workers.FindAll(worker => worker.State == WorkerState.Unwell) is [var unwell, .. var others] =>
            $"{unwell.Id} gets nothing for now: {unwell.Reason}{(others.Count == 0 ? "" : $" So do {others.Count} more.")}",
        _ => null,
    };

    private static WorkerStatus Describe(WorkerStatus worker, ObservedScale observed)
    {
        var instance = observed.Instances.FirstOrDefault(candidate => WorkerMatch.Is(worker, candidate));
        return instance switch
        {
            { End: { } end } => WorkerMatch.MarkDead(worker, end),
            { } when worker.State is WorkerState.Active && observed.Leaving.Contains(instance.Id) =>
                worker with { State = WorkerState.Draining, Reason = "Finishes what it runs, then leaves." },
            { } when worker is { State: WorkerState.Draining, Reason: null } => worker with
            {
                Reason = "Finishes what it runs, then leaves.",
            },
            _ => worker,
        };
    }

    private static IEnumerable<WorkerStatus> FindJoining(ObservedScale observed, IReadOnlyList<WorkerStatus> reported) =>
        from instance in observed.Instances
        // The dead worker of an instance that waits for its next one, as the target says, does not speak for it.
        where instance.End is null
            && !reported.Any(worker => WorkerMatch.Is(worker, instance)
                && !(instance.Note is not null && worker.State == WorkerState.Dead))
        let isLeaving = observed.Leaving.Contains(instance.Id)
        select new WorkerStatus
        {
            Id = new WorkerId(instance.Machine.Length == 0 ? $"w-{instance.Id}" : $"w-{instance.Machine}-{instance.Id}"),
            Address = "",
            State = isLeaving ? WorkerState.Draining : WorkerState.Joining,
            Reason = isLeaving ? "Leaves before it has joined." : instance.Note ?? "Started; it has not reported yet.",
            Slots = instance.Shape?.Slots ?? 0,
            Memory = new WorkerMemory(instance.Shape?.MemoryBytes ?? 0, 0, 0),
            StartedAt = instance.StartedAt,
            LastSeen = instance.StartedAt,
            ProcessId = instance.ProcessId ?? 0,
            Machine = instance.Machine,
        };
}
