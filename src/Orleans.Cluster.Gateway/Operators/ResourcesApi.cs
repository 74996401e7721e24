using Orleans.Cluster.Coordination.Resources;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>What is offered, handed out and used, and what to change.</summary>
internal static class ResourcesApi
{
    public static void MapResources(this IEndpointRouteBuilder routes)
    {
        var resources = routes.MapGroup("/api/processing/resources").WithTags("Resources");
        resources.MapGet("", GetResources).WithName(nameof(GetResources));
        resources.MapGet("/recommendations", GetRecommendations).WithName(nameof(GetRecommendations));
    }

    private static async Task<IResult> GetResources(
        HttpContext context, ResourceService desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.Describe(context.User.SeesOnly(), cancellationToken));

    private static async Task<IResult> GetRecommendations(
        HttpContext context, ResourceService desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.Recommend(context.User.SeesOnly(), cancellationToken));
}
