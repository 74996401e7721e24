using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// What to start, drain and stop so that as many workers run as are wanted. A worker leaves in this order, so that nothing that
/// it has begun is lost:
/// <code>
/// stays -> leaving: the queue gives it nothing new -> idle, or out of time: asked to end (finishes what it still runs) -> gone
/// </code>
/// Where a set only shrinks from its end (<see cref="ScaleInstance.Ordinal"/>) the last ones leave, however busy, and none is
/// asked to end before all behind it.
/// </summary>
public static class ReconcilePolicy
{
    /// <summary>How long a process may outlive the death of its silo.</summary>
    public static readonly TimeSpan GhostGrace = TimeSpan.FromSeconds(60);

    /// <summary>The next step. Called again and again, each time with the world as it is then.</summary>
    public static ReconcilePlan Plan(DesiredState desired, ReconcileView view)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(view);
        var wanted = desired.WantedWorkers();
        var pause = RestartPolicy.FindPause(view.Instances, wanted, view.Now);
        var running = view.Instances.Where(instance => instance.End is null).ToList();
        var leaving = view.Leaving.Where(pair => running.Any(instance => instance.Id == pair.Key)).ToDictionary();
        leaving = AdjustLeaving(running, leaving, wanted, desired, view);

        var missing = wanted - (running.Count - leaving.Count);
        return new ReconcilePlan
        {
            Start = missing > 0 && (pause is null || view.Now >= pause.Until) ? missing : 0,
            Leaving = leaving,
            Drain =
            [
                .. running.Where(instance => leaving.ContainsKey(instance.Id)).Select(view.FindWorker).OfType<WorkerStatus>()
                    .Where(worker => worker.State != WorkerState.Dead).Select(worker => worker.Id),
            ],
            Stop =
            [
                .. Removable(running, desired, instance => leaving.TryGetValue(instance.Id, out var since)
                    && MayStop(instance, since, desired, view))
                    .Select(instance => instance.Id),
            ],
            StopAtOnce = IsStoppedAtOnce(desired),
            Kill = [.. running.Where(instance => IsGhost(instance, view)).Select(instance => instance.Id)],
            Pause = missing > 0 && pause is not null && view.Now < pause.Until ? pause : null,
        };
    }

    private static Dictionary<string, DateTimeOffset> AdjustLeaving(
        List<ScaleInstance> running, Dictionary<string, DateTimeOffset> leaving, int wanted, DesiredState desired,
        ReconcileView view)
    {
        var shape = desired.Shape;

        // A worker of another shape leaves whatever the number is; its place is taken by one of the right shape. One that was
        // asked to end by others does so too, and one that somebody asked to leave.
        foreach (var outdated in running.Where(instance =>
            instance.IsEnding || (instance.Shape is { } its && its != shape) || IsAskedToLeave(instance, desired, view)))
        {
            leaving.TryAdd(outdated.Id, view.Now);
        }

        var staying = running.Where(instance => !leaving.ContainsKey(instance.Id)).ToList();
        foreach (var victim in staying.OrderByDescending(instance => instance.Ordinal).ThenBy(instance => Cost(instance, view))
            .ThenByDescending(instance => instance.StartedAt)
            .ThenBy(instance => instance.Id, StringComparer.Ordinal).Take(Math.Max(0, staying.Count - wanted)))
        {
            leaving[victim.Id] = view.Now;
        }

        // Wanted again before they were asked to end: cheaper to keep than to start others.
        var kept = running
            .Where(instance => leaving.ContainsKey(instance.Id) && !instance.IsEnding && !view.Stopping.Contains(instance.Id)
                && !IsAskedToLeave(instance, desired, view) && (instance.Shape is null || instance.Shape == shape))
            .OrderBy(instance => instance.Ordinal)
            .ThenByDescending(instance => Cost(instance, view)).Take(Math.Max(0, wanted - staying.Count)).ToList();
        kept.ForEach(instance => leaving.Remove(instance.Id));
        return leaving;
    }

    // One of a set that shrinks from its end alone cannot leave from its middle.
    private static bool IsAskedToLeave(ScaleInstance instance, DesiredState desired, ReconcileView view) =>
        instance.Ordinal is null && desired.Leaving.Count > 0 && view.FindWorker(instance) is { } worker
        && desired.Leaving.Contains(worker.Id);

    // What is lost when it leaves: nothing for one that has not joined yet, else what it runs.
    private static int Cost(ScaleInstance instance, ReconcileView view) =>
        view.FindWorker(instance) is { State: not WorkerState.Dead } worker ? 1 + worker.Busy : 0;

    // Its silo was declared dead, which is for ever, and its process is still there: frozen, or it cannot end. Where the target
    // says why it does not work, there is no process.
    private static bool IsGhost(ScaleInstance instance, ReconcileView view) =>
        instance.Note is null && view.FindWorker(instance) is { State: WorkerState.Dead } worker
        && view.Now - worker.LastSeen >= GhostGrace;

    private static bool MayStop(ScaleInstance instance, DateTimeOffset since, DesiredState desired, ReconcileView view)
    {
        // One that has joined and is not on the list: the queue has moved and waits for reports. What the worker runs is not
        // known.
        var isIdle = view.FindWorker(instance) is { } worker
            ? worker is { State: WorkerState.Dead } or { State: WorkerState.Draining, Busy: 0 }
            : !view.Joined.Contains(instance.Id);
        return isIdle || view.Now - since >= view.DrainTimeout || IsStoppedAtOnce(desired);
    }

    private static bool IsStoppedAtOnce(DesiredState desired) => desired is { IsRunning: false, StopAtOnce: true };

    private static IEnumerable<ScaleInstance> Removable(
        List<ScaleInstance> running, DesiredState desired, Func<ScaleInstance, bool> mayStop)
    {
        if (IsStoppedAtOnce(desired))
        {
            return running.Where(mayStop);
        }

        var steady = running.Where(instance => !instance.IsEnding).ToList();
        return steady.Exists(instance => instance.Ordinal is not null)
            ? steady.OrderByDescending(instance => instance.Ordinal).TakeWhile(mayStop)
            : steady.Where(mayStop);
    }
}

/// <summary>The world as the policy sees it.</summary>
/// <param name="Instances">Workers as the target sees them, the lately ended too.</param>
/// <param name="Workers">Workers as the queue sees them.</param>
/// <param name="Leaving">Instances chosen to leave earlier, and when.</param>
/// <param name="Stopping">Those of them that were asked to end already.</param>
/// <param name="Joined">Instances whose worker has reported at some time.</param>
/// <param name="DrainTimeout">How long a leaving worker may go on with what it runs.</param>
/// <param name="Now">The present.</param>
public sealed record ReconcileView(
    IReadOnlyCollection<ScaleInstance> Instances, IReadOnlyCollection<WorkerStatus> Workers,
    IReadOnlyDictionary<string, DateTimeOffset> Leaving,
    IReadOnlySet<string> Stopping, IReadOnlySet<string> Joined, TimeSpan DrainTimeout, DateTimeOffset Now)
{
    /// <summary>The worker that an instance is; null while the queue does not know it.</summary>
    /// <remarks>
    /// A container that was started again has had two workers: the one that lives is meant, else the later one.
    /// </remarks>
    public WorkerStatus? FindWorker(ScaleInstance instance) => Workers.Where(worker => WorkerMatch.Is(worker, instance))
        .OrderBy(worker => worker.State == WorkerState.Dead).ThenByDescending(worker => worker.StartedAt).FirstOrDefault();
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

    /// <summary>Instances whose silo is dead while their process goes on; to be ended without grace, and replaced.</summary>
    public IReadOnlyList<string> Kill { get; init; } = [];

    /// <summary>Why fewer run than are wanted although none is started; null when that is not so.</summary>
    public RestartPause? Pause { get; init; }
}
