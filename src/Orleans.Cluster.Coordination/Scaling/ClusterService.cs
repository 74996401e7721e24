using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Scaling;

/// <summary>
/// What a gateway asks of the cluster as a whole. Every change is a wanted state, so that asking for it twice is asking once.
/// </summary>
internal sealed class ClusterService(IScaleTarget target, IGrainFactory grains, TimeProvider clock)
{
    /// <summary>The cluster as a document.</summary>
    public Task<ClusterStatus> GetStatus(CancellationToken cancellationToken) =>
        Ask(cluster => cluster.GetStatus(), cancellationToken);

    /// <summary>Scaling decisions, the latest last.</summary>
    public Task<IReadOnlyList<ScalingDecision>> ListDecisions(CancellationToken cancellationToken) =>
        Ask(cluster => cluster.ListDecisions(), cancellationToken);

    /// <summary>Starts, or sets the size; says whether that was a change.</summary>
    /// <exception cref="ClusterException">
    /// <c>scaling-not-supported</c> when a size is asked for and workers are run by hand.
    /// </exception>
    public async Task<(bool Changed, ClusterStatus Status)> Start(ClusterStart size, CancellationToken cancellationToken)
    {
        if (size != new ClusterStart())
        {
            CheckScalable();
        }

        if (!target.CanShape && (size.SlotsPerWorker ?? size.MemoryPerWorkerBytes) is not null)
        {
            throw new ClusterException(
                Contracts.ProblemCode.ScalingNotSupported,
                $"Slots and memory of workers are not given by this cluster: its scale target is '{target.Name}'.",
                "Change them where workers are described (for Kubernetes, the pod template), or leave them out.");
        }

        var changed = await Ask(
            cluster => cluster.Start(size.Workers, size.SlotsPerWorker, size.MemoryPerWorkerBytes), cancellationToken);
        return (changed, await GetStatus(cancellationToken));
    }

    /// <summary>Stops. Workers that are run by hand stay and get nothing.</summary>
    public Task<ClusterStatus> Stop(StopMode mode, CancellationToken cancellationToken) =>
        Change(cluster => cluster.Stop(mode == StopMode.Now), cancellationToken);

    /// <summary>Sets the number of workers, or the bounds of the autoscaler.</summary>
    /// <exception cref="ClusterException"><c>scaling-not-supported</c>.</exception>
    public Task<ClusterStatus> Scale(ClusterScale scale, CancellationToken cancellationToken)
    {
        CheckScalable();
        return Change(
            cluster => scale.Workers is { } workers
                ? cluster.Scale(workers)
                : cluster.Autoscale(new ScalingBounds(scale.MinWorkers!.Value, scale.MaxWorkers!.Value)),
            cancellationToken);
    }

    /// <summary>Asks one worker to leave: it takes nothing new, finishes what it runs, and another takes its place.</summary>
    /// <exception cref="ClusterException"><c>not-found</c>, <c>scaling-not-supported</c>.</exception>
    public async Task<ClusterStatus> Drain(string worker, CancellationToken cancellationToken)
    {
        CheckScalable();
        if (!target.CanShape)
        {
            throw new ClusterException(
                Contracts.ProblemCode.ScalingNotSupported,
                $"A worker cannot be chosen to leave: the scale target is '{target.Name}', whose workers leave from the last on.",
                "Scale the cluster down, or delete the pod.");
        }

        var status = await GetStatus(cancellationToken);
        var found = status.Workers.FirstOrDefault(each => each.Id.Value == worker && each.State != WorkerState.Dead)
            ?? throw new ClusterException(
                Contracts.ProblemCode.NotFound, $"No living worker is called '{worker}'.", "cluster/status lists them.");
        return await Change(cluster => cluster.Drain(found.Id), cancellationToken);
    }

    private void CheckScalable()
    {
        if (!target.CanScale)
        {
            throw new ClusterException(
                Contracts.ProblemCode.ScalingNotSupported,
                "Workers of this cluster are run by hand, so their number cannot be changed here.",
                "Start or stop worker processes yourself, or set Scaling:Target.");
        }
    }

    private async Task<ClusterStatus> Change(Func<IClusterGrain, Task> change, CancellationToken cancellationToken)
    {
        await Ask(
            async cluster =>
            {
                await change(cluster);
                return true;
            },
            cancellationToken);
        return await GetStatus(cancellationToken);
    }

    private Task<T> Ask<T>(Func<IClusterGrain, Task<T>> question, CancellationToken cancellationToken) =>
        GrainCalls.Call(() => question(grains.GetGrain<IClusterGrain>(GrainKeys.Cluster)), clock, cancellationToken);
}
