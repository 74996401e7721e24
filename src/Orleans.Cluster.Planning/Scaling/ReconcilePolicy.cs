using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// What to start, drain and stop so that as many workers run as are wanted. A worker leaves in this order, so that nothing that it has
/// begun is lost:
/// <code>
/// stays -> leaving: the queue gives it nothing new -> idle, or out of time: asked to end (finishes what it still runs) -> gone
/// </code>
/// </summary>
public static class ReconcilePolicy
{
    /// <summary>The next step. Called again and again, each time with the world as it is then.</summary>
    public static ReconcilePlan Plan(DesiredState desired, ReconcileView view)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(view);
        var wanted = desired.WantedWorkers();
        var pause = RestartPolicy.FindPause(view.Instances, wanted, view.Now);
        var running = view.Instances.Where(instance => instance.End is null).ToList();
        var leaving = view.Leaving.Where(pair => running.Any(instance => instance.Id == pair.Key)).ToDictionary();
        leaving = AdjustLeaving(running, leaving, wanted, desired.Shape, view);

        var missing = wanted - (running.Count - leaving.Count);
        return new ReconcilePlan
        {
            Start = missing > 0 && (pause is null || view.Now >= pause.Until) ? missing : 0,
            Leaving = leaving,
            Drain = [.. running.Where(instance => leaving.ContainsKey(instance.Id)).Select(view.FindWorker).OfType<WorkerStatus>().Select(worker => worker.Id)],
            Stop = [.. running.Where(instance => leaving.TryGetValue(instance.Id, out var since) && MayStop(instance, since, desired, view)).Select(instance => instance.Id)],
            StopAtOnce = desired is { IsRunning: false, StopAtOnce: true },
            Pause = missing > 0 && pause is not null && view.Now < pause.Until ? pause : null,
        };
    }

    private static Dictionary<string, DateTimeOffset> AdjustLeaving(
        List<ScaleInstance> running, Dictionary<string, DateTimeOffset> leaving, int wanted, WorkerShape shape, ReconcileView view)
    {
        // A worker of another shape leaves whatever the number is; its place is taken by one of the right shape.
        foreach (var outdated in running.Where(instance => instance.Shape is { } its && its != shape))
        {
            leaving.TryAdd(outdated.Id, view.Now);
        }

        var staying = running.Where(instance => !leaving.ContainsKey(instance.Id)).ToList();
        foreach (var victim in staying.OrderBy(instance => Cost(instance, view)).ThenByDescending(instance => instance.StartedAt)
            .ThenBy(instance => instance.Id, StringComparer.Ordinal).Take(Math.Max(0, staying.Count - wanted)))
        {
            leaving[victim.Id] = view.Now;
        }

        // Wanted again before they were asked to end: cheaper to keep than to start others.
        var kept = running.Where(instance => leaving.ContainsKey(instance.Id) && !view.Stopping.Contains(instance.Id) && (instance.Shape is null || instance.Shape == shape))
            .OrderByDescending(instance => Cost(instance, view)).Take(Math.Max(0, wanted - staying.Count)).ToList();
        kept.ForEach(instance => leaving.Remove(instance.Id));
        return leaving;
    }

    // What is lost when it leaves: nothing for one that has not joined yet, else what it runs.
    private static int Cost(ScaleInstance instance, ReconcileView view) => view.FindWorker(instance) is { } worker ? 1 + worker.Busy : 0;

    private static bool MayStop(ScaleInstance instance, DateTimeOffset since, DesiredState desired, ReconcileView view)
    {
        var worker = view.FindWorker(instance);
        var isIdle = worker is null or { Busy: 0, State: WorkerState.Draining or WorkerState.Dead };
        return isIdle || view.Now - since >= view.DrainTimeout || desired is { IsRunning: false, StopAtOnce: true };
    }
}

/// <summary>The world as the policy sees it.</summary>
/// <param name="Instances">Workers as the target sees them, the lately ended too.</param>
/// <param name="Workers">Workers as the queue sees them.</param>
/// <param name="Leaving">Instances chosen to leave earlier, and when.</param>
/// <param name="Stopping">Those of them that were asked to end already.</param>
/// <param name="DrainTimeout">How long a leaving worker may go on with what it runs.</param>
/// <param name="Now">The present.</param>
public sealed record ReconcileView(
    IReadOnlyCollection<ScaleInstance> Instances, IReadOnlyCollection<WorkerStatus> Workers, IReadOnlyDictionary<string, DateTimeOffset> Leaving,
    IReadOnlySet<string> Stopping, TimeSpan DrainTimeout, DateTimeOffset Now)
{
    /// <summary>The worker that an instance is; null while it has not reported.</summary>
    public WorkerStatus? FindWorker(ScaleInstance instance) =>
        Workers.FirstOrDefault(worker => worker.State != WorkerState.Dead && WorkerMatch.Is(worker, instance));
}

/// <summary>Tells which instance a worker is.</summary>
public static class WorkerMatch
{
    /// <summary>Whether they are the same: same machine, and same process where the target knows it.</summary>
    public static bool Is(WorkerStatus worker, ScaleInstance instance)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(instance);
        return worker.Machine == instance.Machine && (instance.ProcessId is not { } process || worker.ProcessId == process);
    }
}

/// <summary>The next step of a reconciler.</summary>
public sealed record ReconcilePlan
{
    /// <summary>Workers to start now.</summary>
    public int Start { get; init; }

    /// <summary>All instances that leave, and since when; to be given back with the next view.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Leaving { get; init; }

    /// <summary>All workers that shall get nothing new.</summary>
    public IReadOnlyList<WorkerId> Drain { get; init; } = [];

    /// <summary>Instances to end.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Whether <see cref="Stop"/> is without grace.</summary>
    public bool StopAtOnce { get; init; }

    /// <summary>Why fewer run than are wanted although none is started; null when that is not so.</summary>
    public RestartPause? Pause { get; init; }
}
