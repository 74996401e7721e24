using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Grains;
using Orleans.Cluster.Grains.Queueing;
using Orleans.Cluster.Grains.Scaling;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>The cluster as a whole.</summary>
internal static class ClusterApi
{
    public static RouteGroupBuilder MapCluster(this IEndpointRouteBuilder routes)
    {
        var cluster = routes.MapGroup("/api/processing/cluster").WithTags("Cluster");
        cluster.MapGet("/status", GetStatus).WithName("GetClusterStatus");
        return cluster;
    }

    private static async Task<Ok<ClusterStatus>> GetStatus(
        IGrainFactory grains, IScaleTarget target, IOptions<ClusterSettings> settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var workers = await GrainCalls.Call(() => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).ListWorkers(), clock, cancellationToken);
        var active = workers.Count(worker => worker.State == WorkerState.Active);
        var desired = settings.Value.Workers;
        var state = active < desired ? ClusterState.Starting : desired == 0 && active == 0 ? ClusterState.Stopped : ClusterState.Running;
        return TypedResults.Ok(new ClusterStatus(state, desired, active, workers, null) { ScaleTarget = target.Name });
    }
}
