using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Scaling;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The cluster as a whole: look at it, start it, stop it, change its size.</summary>
internal static class ClusterApi
{
    private const string StatusAddress = "/api/processing/cluster/status";

    public static RouteGroupBuilder MapCluster(this IEndpointRouteBuilder routes)
    {
        var cluster = routes.MapGroup("/api/processing/cluster").WithTags("Cluster");
        cluster.MapGet("/status", GetStatus).WithName("GetClusterStatus");
        cluster.MapGet("/decisions", ListDecisions).WithName("ListScalingDecisions");
        cluster.MapPost("/start", StartCluster).WithName(nameof(StartCluster));
        cluster.MapPost("/stop", StopCluster).WithName(nameof(StopCluster));
        cluster.MapPost("/scale", ScaleCluster).WithName(nameof(ScaleCluster));
        cluster.MapPost("/workers/{id}/drain", DrainWorker).WithName(nameof(DrainWorker)).AuditedAs("worker.drain");
        return cluster;
    }

    private static async Task<Ok<ClusterStatus>> GetStatus(ClusterService desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.GetStatus(cancellationToken));

    private static async Task<Ok<IReadOnlyList<ScalingDecision>>> ListDecisions(
        ClusterService desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.ListDecisions(cancellationToken));

    private static async Task<Results<Accepted<ClusterStatus>, Ok<ClusterStatus>>> StartCluster(
        HttpRequest request, ClusterService desk, CancellationToken cancellationToken)
    {
        var start = ClusterForm.ReadStart(await request.ReadOptionalJson(cancellationToken));
        var (changed, status) = await desk.Start(start, cancellationToken);
        return changed || status.State != ClusterState.Running
            ? TypedResults.Accepted(StatusAddress, status)
            : TypedResults.Ok(status);
    }

    private static async Task<Accepted<ClusterStatus>> StopCluster(
        HttpRequest request, ClusterService desk, CancellationToken cancellationToken)
    {
        var stop = ClusterForm.ReadStop(await request.ReadOptionalJson(cancellationToken));
        return TypedResults.Accepted(StatusAddress, await desk.Stop(stop.Mode, cancellationToken));
    }

    private static async Task<Accepted<ClusterStatus>> ScaleCluster(
        HttpRequest request, ClusterService desk, CancellationToken cancellationToken)
    {
        var scale = ClusterForm.ReadScale(await request.ReadJson(cancellationToken));
        return TypedResults.Accepted(StatusAddress, await desk.Scale(scale, cancellationToken));
    }

    private static async Task<Accepted<ClusterStatus>> DrainWorker(
        string id, ClusterService desk, CancellationToken cancellationToken) =>
        TypedResults.Accepted(StatusAddress, await desk.Drain(id, cancellationToken));
}
