using Orleans.Cluster.Contracts;
using Orleans.Cluster.Grains.Planning;
using Orleans.Cluster.Silo.Gateway.Access;
using Orleans.Cluster.Silo.Gateway.Forms;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>A dataset as a job would read it.</summary>
internal static class DataApi
{
    public static void MapData(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/processing/data/partition", PartitionData).WithName(nameof(PartitionData)).WithTags("Data").WithMetadata(new ChangesNothing());

    private static async Task<IResult> PartitionData(
        HttpRequest request, IJobPlanning planning, DefaultDataset defaults, CancellationToken cancellationToken)
    {
        var (source, partitioning) = JobSpecReader.ReadPartitioning(await request.ReadJson(cancellationToken));
        var (dataset, warnings) = await planning.PlanDataset(source ?? defaults.Require(), partitioning, cancellationToken);
        return TypedResults.Ok(PlanDocuments.Of(dataset, warnings));
    }
}
