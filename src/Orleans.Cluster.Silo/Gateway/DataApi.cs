using Orleans.Cluster.Silo.Gateway.Access;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>A dataset as a job would read it.</summary>
internal static class DataApi
{
    public static void MapData(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/processing/data/partition", PartitionData).WithName(nameof(PartitionData)).WithTags("Data").WithMetadata(new ChangesNothing());

    private static async Task<IResult> PartitionData(HttpRequest request, JobDoor door, CancellationToken cancellationToken) =>
        TypedResults.Ok(await door.Preview(await request.ReadJson(cancellationToken), cancellationToken));
}
