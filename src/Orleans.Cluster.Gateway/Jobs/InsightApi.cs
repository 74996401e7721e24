using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>What people look at: all partitions at once, attempts over time, a job in words.</summary>
internal static class InsightApi
{
    public static void MapInsight(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/processing/timeline", GetTimeline).WithName(nameof(GetTimeline)).WithTags("Jobs");
        routes.MapGet("/api/processing/events", GetClusterEvents).WithName(nameof(GetClusterEvents)).WithTags("Cluster");
        var jobs = routes.MapGroup("/api/processing/jobs/{id}")
            .WithTags("Jobs").AddEndpointFilter<RouteGroupBuilder, JobOwnership>();
        jobs.MapGet("", GetJob).WithName(nameof(GetJob));
        jobs.MapGet("/partitions/summary", SummarizePartitions).WithName(nameof(SummarizePartitions));
        jobs.MapGet("/timeline", GetJobTimeline).WithName(nameof(GetJobTimeline));
        jobs.MapGet("/story", GetStory).WithName(nameof(GetStory));
        jobs.MapGet("/profile", GetProfile).WithName(nameof(GetProfile));
    }

    private static async Task<IResult> GetTimeline(
        HttpRequest request, InsightDesk desk, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var to = query.Time("to") ?? clock.GetUtcNow();
        var from = query.Time("from")
            ?? (to - DateTimeOffset.UnixEpoch < InsightDesk.UsualSpan ? DateTimeOffset.UnixEpoch : to - InsightDesk.UsualSpan);
        var resolution = (int?)query.Whole("resolution", 1, InsightDesk.MaxBars) ?? InsightDesk.MaxBars;
        if (from >= to)
        {
            query.Faults.Add(QueryForm.At("from"), FaultCodes.OutOfRange, "The begin must be before the end.");
        }

        query.Close();
        return TypedResults.Ok(
            await desk.GetTimeline(from, to, resolution, request.HttpContext.User.SeesOnly(), cancellationToken));
    }

    private static Task GetClusterEvents(HttpContext context, ClusterEventStream events) =>
        events.Write(context.User.SeesOnly(), context);

    private static async Task<IResult> GetJob(JobId id, InsightDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.GetJob(id, cancellationToken));

    private static async Task<IResult> SummarizePartitions(JobId id, InsightDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.Summarize(id, cancellationToken));

    private static async Task<IResult> GetJobTimeline(JobId id, InsightDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.GetTimeline(id, cancellationToken));

    private static async Task<IResult> GetStory(JobId id, InsightDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.TellStory(id, cancellationToken));

    private static async Task<IResult> GetProfile(JobId id, InsightDesk desk, CancellationToken cancellationToken) =>
        TypedResults.Ok(await desk.GetProfile(id, cancellationToken));
}
