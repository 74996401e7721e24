using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>A dataset as a job would read it.</summary>
internal static class DataApi
{
    private const int UsualRows = 20;

    public static void MapData(this IEndpointRouteBuilder routes)
    {
        var data = routes.MapGroup("/api/processing/data").WithTags("Data").WithMetadata(new ChangesNothing());
        data.MapPost("/partition", PartitionData).WithName(nameof(PartitionData));
        data.MapPost("/preview", PreviewData).WithName(nameof(PreviewData));
    }

    private static async Task<IResult> PartitionData(
        HttpRequest request, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(
            await requests.Preview(
                await request.ReadJson(cancellationToken), request.HttpContext.User.ReadsOnly(), cancellationToken));

    private static async Task<IResult> PreviewData(
        HttpRequest request, DatasetSampler sampler, DefaultDataset defaults, CancellationToken cancellationToken)
    {
        var wanted = JobSpecReader.Read(await request.ReadJson(cancellationToken), ReadPreview);
        return TypedResults.Ok(await sampler.Read(wanted.Source ?? defaults.Require(), wanted.Limit, cancellationToken));
    }

    private static PreviewRequest ReadPreview(FormObject form)
    {
        var source = form.Object("source") is { } given ? SourceForm.Read(given) : null;
        var limit = form.Whole("limit", 1, DatasetSampler.MaxRows);
        form.Close();
        return new PreviewRequest(source, (int?)limit ?? UsualRows);
    }
}
