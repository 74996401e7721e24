using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Refuses what the cluster could never run. What decides is <see cref="Admission"/>; this asks the queue and the cluster's grain
/// what there is.
/// </summary>
internal sealed class AdmissionCheck(IGrainFactory grains, TimeProvider clock)
{
    /// <summary>Refuses tasks that no worker could hold.</summary>
    /// <exception cref="ClusterException"><c>resources-impossible</c>, naming the largest worker.</exception>
    public async Task CheckTask(ResourceRequest request, CancellationToken cancellationToken)
    {
        var workers = await ListWorkers(cancellationToken);
        if (Admission.RefuseTask(request, workers, reach: null) is not null
            && Admission.RefuseTask(request, workers, await FindReach(cancellationToken)) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>Refuses a gang by what its plan tells of its stages; the others are looked at when they open.</summary>
    /// <exception cref="ClusterException"><c>resources-impossible</c>, naming its size and what there is.</exception>
    public Task CheckGang(JobSpec spec, JobPlan plan, CancellationToken cancellationToken) => spec.Gang
        ? CheckGang(spec, plan.Stages.Max(stage => StageOpener.LeastCount(plan, stage)), cancellationToken)
        : Task.CompletedTask;

    /// <summary>
    /// Refuses a stage of a gang that opens with so many partitions. Workers that are run by hand come and go: those of a job
    /// that runs are not counted.
    /// </summary>
    /// <exception cref="ClusterException"><c>resources-impossible</c>, naming its size and what there is.</exception>
    public async Task CheckOpening(JobSpec spec, int partitions, CancellationToken cancellationToken)
    {
        if (spec.Gang && await FindReach(cancellationToken) is { } reach
            && Admission.RefuseGang(partitions, spec.Resources, await ListWorkers(cancellationToken), reach) is { } refusal)
        {
            throw refusal;
        }
    }

    private async Task CheckGang(JobSpec spec, int width, CancellationToken cancellationToken)
    {
        if (Admission.RefuseGang(width, spec.Resources, await ListWorkers(cancellationToken),
            await FindReach(cancellationToken)) is { } refusal)
        {
            throw refusal;
        }
    }

    private Task<IReadOnlyList<WorkerStatus>> ListWorkers(CancellationToken cancellationToken) =>
        GrainCalls.Call(() => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).ListWorkers(), clock, cancellationToken);

    private Task<ClusterReach?> FindReach(CancellationToken cancellationToken) =>
        GrainCalls.Call(() => grains.GetGrain<IClusterGrain>(GrainKeys.Cluster).FindReach(), clock, cancellationToken);
}
