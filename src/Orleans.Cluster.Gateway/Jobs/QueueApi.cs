using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>The queue as a document.</summary>
internal static class QueueApi
{
    private const int UsualPageSize = 50;
    private const int MaxPageSize = 500;

    public static void MapQueue(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/processing/queue/status", GetQueueStatus).WithName(nameof(GetQueueStatus)).WithTags("Queue");

    private static async Task<IResult> GetQueueStatus(
        HttpContext context, IGrainFactory grains, IJobStore jobs, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = new QueryForm(context.Request.Query);
        var size = (int?)query.Whole("pageSize", 1, MaxPageSize) ?? UsualPageSize;
        var after = ReadToken(query);
        query.Close();

        // Figures are everybody's; of the jobs a caller sees its own, at their true positions.
        var own = context.User.SeesOnly() is { } owner ? await jobs.ListActiveOf(owner, cancellationToken) : null;
        var page = new QueuePage(size, after, own);
        return TypedResults.Ok(
            await GrainCalls.Call(
                () => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).DescribePage(page), clock, cancellationToken));
    }

    private static string? ReadToken(QueryForm query)
    {
        var text = query.Text("pageToken");
        if (text is not null && FairKey.FromToken(text) is null)
        {
            query.Faults.Add(
                QueryForm.At("pageToken"), FaultCodes.InvalidValue, "The value must be a nextPageToken of this list.");
        }

        return text;
    }
}
