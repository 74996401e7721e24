using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Runtime;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>Health of the cluster as the gateway sees it.</summary>
internal static class HealthApi
{
    public static RouteGroupBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/api/processing/health").WithTags("Health");
        health.MapGet("", GetHealth).WithName(nameof(GetHealth));
        health.MapGet("/live", GetLive).WithName(nameof(GetLive)).AllowAnonymous();
        health.MapGet("/ready", GetReady).WithName(nameof(GetReady));
        return health;
    }

    public static IServiceCollection AddHealth(this IServiceCollection services) =>
        services.AddSingleton<HealthBoard>().AddSingleton<FileHealth>().AddHostedService<HealthProbes>();

    // Nobody is asked now: the answer is what the probes found last, and comes at once whatever is busy.
    private static IResult GetHealth(HealthBoard board, IClusterMembershipService membership, TimeProvider clock)
    {
        var (storage, queue) = (board.Find(HealthProbes.Storage), board.Find(HealthProbes.Queue));
        var (planning, disk) = (board.Find(HealthProbes.Planning), board.Find(HealthProbes.Disk));
        var artifacts = board.Find(HealthProbes.ArtifactStore);
        var silos = membership.CurrentSnapshot.Members.Values.Count(member => member.Status == SiloStatus.Active);
        var members = new HealthPart(silos > 0 ? "UP" : "DOWN", silos == 1 ? "1 silo is active." : $"{silos} silos are active.");
        HealthPart[] parts = [storage, members, queue, planning, disk, artifacts];
        var isHealthy = parts.All(part => part.State == "UP");
        var document = new HealthDocument(
            isHealthy
            ? "HEALTHY"
            : "UNHEALTHY", storage, members, queue, planning, disk, artifacts, ProductVersion.Current, clock.GetUtcNow());
        return Results.Json(document, WireJson.Options, statusCode: isHealthy ? 200 : 503);
    }

    // A part that does not answer in time is away, as far as anybody who asks can tell.
    private static async Task<bool> Answers(Task<bool> question)
    {
        try
        {
            return await question.WaitAsync(Bound);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return false;
        }
    }

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    private static NoContent GetLive() => TypedResults.NoContent();

    // Ready: jobs can be accepted, and as many workers as are wanted have reported. A cluster that was stopped wants none.
    private static async Task<Results<Ok, StatusCodeHttpResult>> GetReady(
        IGrainFactory grains, IJobStore jobs, CancellationToken cancellationToken)
    {
        return await Answers(HasItsWorkers(grains.GetGrain<IClusterGrain>(GrainKeys.Cluster)))
            && await jobs.Ping(cancellationToken)
            ? TypedResults.Ok()
            : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);

        static async Task<bool> HasItsWorkers(IClusterGrain grain) => (await grain.GetStatus()).HasItsWorkers();
    }
}

/// <summary>Health of the whole and of each part, as the gateway of this version saw it at this time.</summary>
internal sealed record HealthDocument(
    string Status, HealthPart Storage, HealthPart Membership, HealthPart Queue, HealthPart Planning, HealthPart Disk,
    HealthPart ArtifactStore, string Version, DateTimeOffset Now);

/// <summary>Whether a part is <c>UP</c> or <c>DOWN</c>.</summary>
internal sealed record HealthPart(string State, string? Detail);
