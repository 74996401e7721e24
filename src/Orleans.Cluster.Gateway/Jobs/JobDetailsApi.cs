using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>What a job made, how it is cut, and what happened to it.</summary>
internal static class JobDetailsApi
{
    public static void MapJobDetails(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/api/processing/jobs/{id}")
            .WithTags("Jobs").AddEndpointFilter<RouteGroupBuilder, JobOwnership>();
        // Who watches a cluster sees nobody's rows.
        var rows = jobs.MapGroup("").Needs(read: AccessRole.Submitter);
        rows.MapGet("/result", GetResult).WithName(nameof(GetResult));
        rows.MapGet("/result/parts", ListResultParts).WithName(nameof(ListResultParts));
        rows.MapGet("/result/parts/{index:int}", GetResultPart).WithName(nameof(GetResultPart));
        rows.MapGet("/quarantine", GetQuarantine).WithName(nameof(GetQuarantine));
        jobs.MapGet("/partitions", ListPartitions).WithName(nameof(ListPartitions));
        jobs.MapGet("/plan", GetPlan).WithName(nameof(GetPlan));
        jobs.MapGet("/logs", GetLog).WithName(nameof(GetLog));
        jobs.MapGet("/callbacks", ListCallbacks).WithName(nameof(ListCallbacks));
        jobs.MapGet("/events", GetEvents).WithName(nameof(GetEvents));
    }

    private static async Task<IResult> GetResult(
        JobId id, HttpRequest request, HttpResponse response, IResultReader results, CancellationToken cancellationToken)
    {
        var page = RowsPage.Of(request, hasTables: true);
        var rows = await results.Read(id, page.Table, page.Format, page.Offset, page.Limit, cancellationToken);
        return page.Answer(response, rows, $"{id}");
    }

    private static async Task<IResult> ListResultParts(JobId id, IResultReader results, CancellationToken cancellationToken) =>
        TypedResults.Ok(await results.ListParts(id, cancellationToken));

    private static async Task<IResult> GetResultPart(
        JobId id, int index, HttpRequest request, HttpResponse response, IResultReader results,
        CancellationToken cancellationToken)
    {
        var page = RowsPage.OfPart(request);
        var rows = await results.ReadPart(id, index, page.Format, cancellationToken);
        return page.Answer(response, rows, $"{id}-{index}");
    }

    private static async Task<IResult> GetQuarantine(
        JobId id, HttpRequest request, HttpResponse response, IResultReader results, CancellationToken cancellationToken)
    {
        var page = RowsPage.Of(request, hasTables: false);
        var rows = await results.ReadQuarantine(id, page.Format, page.Offset, page.Limit, cancellationToken);
        return page.Answer(response, rows, $"{id}-quarantine");
    }

    private static async Task<IResult> ListPartitions(
        JobId id, HttpRequest request, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.ListPartitions(id, request.Query, cancellationToken));

    private static async Task<IResult> GetPlan(JobId id, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.GetPlan(id, cancellationToken));

    private static async Task<IResult> GetLog(JobId id, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.GetLog(id, cancellationToken));

    private static async Task<IResult> ListCallbacks(JobId id, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.ListCallbacks(id, cancellationToken));

    private static Task GetEvents(JobId id, HttpContext context, JobEventStream events)
    {
        var query = new QueryForm(context.Request.Query);
        var withPartitions = query.Flag("partitions");
        query.Close();
        return events.Write(id, withPartitions, context);
    }
}
