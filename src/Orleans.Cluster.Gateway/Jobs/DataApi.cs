using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>A dataset as a job would read it.</summary>
internal static class DataApi
{
    public static void MapData(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/processing/data/partition", PartitionData).WithName(nameof(PartitionData)).WithTags("Data").WithMetadata(new ChangesNothing());

    private static async Task<IResult> PartitionData(HttpRequest request, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.Preview(await request.ReadJson(cancellationToken), request.HttpContext.User.SeesOnly(), cancellationToken));
}
