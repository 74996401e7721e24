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

    // Each part is asked with a bound, so that the answer comes while a part is away.
    private static async Task<IResult> GetHealth(
        IJobStore jobs, IGrainFactory grains, IClusterMembershipService membership, IPlanningHealth planning, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var storage = await Answers(jobs.Ping(cancellationToken));
        var queue = await Answers(Describe(grains.GetGrain<IQueueGrain>(GrainKeys.Queue)));
        var silos = membership.CurrentSnapshot.Members.Values.Count(member => member.Status == SiloStatus.Active);
        var fault = planning.FindFault();
        var document = new HealthDocument(
            storage && queue && silos > 0 && fault is null ? "HEALTHY" : "UNHEALTHY",
            new HealthPart(storage ? "UP" : "DOWN", storage ? null : "The database does not answer."),
            new HealthPart(silos > 0 ? "UP" : "DOWN", $"{silos} silos are active."),
            new HealthPart(queue ? "UP" : "DOWN", queue ? null : "The queue does not answer."),
            new HealthPart(fault is null ? "UP" : "DOWN", fault),
            ProductVersion.Current, clock.GetUtcNow());
        return Results.Json(document, WireJson.Options, statusCode: document.Status == "HEALTHY" ? 200 : 503);

        static async Task<bool> Describe(IQueueGrain queue)
        {
            await queue.Describe();
            return true;
        }
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
    private static async Task<Results<Ok, StatusCodeHttpResult>> GetReady(IGrainFactory grains, IJobStore jobs, CancellationToken cancellationToken)
    {
        return await Answers(HasItsWorkers(grains.GetGrain<IClusterGrain>(GrainKeys.Cluster))) && await jobs.Ping(cancellationToken)
            ? TypedResults.Ok()
            : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);

        static async Task<bool> HasItsWorkers(IClusterGrain grain) =>
            await grain.GetStatus() is { IsAttended: true } cluster && cluster.ActiveWorkers >= cluster.DesiredWorkers;
    }
}

/// <summary>Health of the whole and of each part, as the gateway of this version saw it at this time.</summary>
internal sealed record HealthDocument(
    string Status, HealthPart Storage, HealthPart Membership, HealthPart Queue, HealthPart Planning, string Version, DateTimeOffset Now);

/// <summary>Whether a part is <c>UP</c> or <c>DOWN</c>.</summary>
internal sealed record HealthPart(string State, string? Detail);
