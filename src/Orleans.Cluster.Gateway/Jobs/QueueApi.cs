using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>The queue as a document.</summary>
internal static class QueueApi
{
    public static void MapQueue(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/processing/queue/status", GetQueueStatus).WithName(nameof(GetQueueStatus)).WithTags("Queue");

    private static async Task<IResult> GetQueueStatus(
        HttpContext context, IGrainFactory grains, IJobStore jobs, TimeProvider clock, CancellationToken cancellationToken)
    {
        var status = await GrainCalls.Call(() => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Describe(), clock, cancellationToken);
        if (context.User.SeesOnly() is not { } owner)
        {
            return TypedResults.Ok(status);
        }

        // Figures are everybody's; of the jobs a caller sees its own, at their true positions.
        var own = new HashSet<JobId>();
        foreach (var job in status.Waiting)
        {
            if ((await jobs.Find(job.Id, cancellationToken))?.Owner == owner)
            {
                own.Add(job.Id);
            }
        }

        return TypedResults.Ok(status with { Waiting = [.. status.Waiting.Where(job => own.Contains(job.Id))] });
    }
}
