using Orleans.Cluster.Grains;
using Orleans.Cluster.Grains.Queueing;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>The queue as a document.</summary>
internal static class QueueApi
{
    public static void MapQueue(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/processing/queue/status", GetQueueStatus).WithName(nameof(GetQueueStatus)).WithTags("Queue");

    private static async Task<IResult> GetQueueStatus(IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken) =>
        TypedResults.Ok(await GrainCalls.Call(() => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Describe(), clock, cancellationToken));
}
