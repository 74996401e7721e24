using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Grains;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>Health of the cluster as the gateway sees it.</summary>
internal static class HealthApi
{
    public static RouteGroupBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/api/processing/health").WithTags("Health");
        health.MapGet("/live", GetLive).WithName(nameof(GetLive));
        health.MapGet("/ready", GetReady).WithName(nameof(GetReady));
        return health;
    }

    private static NoContent GetLive() => TypedResults.NoContent();

    private static Results<Ok, StatusCodeHttpResult> GetReady(
        IClusterMembershipService membership, ISiloMetadataCache metadata, IOptions<ClusterSettings> settings)
    {
        var workers = membership.CurrentSnapshot.Members.Values.Count(member =>
            member.Status == SiloStatus.Active &&
            metadata.GetSiloMetadata(member.SiloAddress).Metadata.GetValueOrDefault("role") == "worker");
        return workers >= settings.Value.Workers ? TypedResults.Ok() : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }
}
