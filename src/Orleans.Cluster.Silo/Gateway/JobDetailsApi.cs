using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Grains.History;
using Orleans.Cluster.Grains.Results;
using Orleans.Cluster.Silo.Gateway.Access;
using Orleans.Cluster.Silo.Gateway.Forms;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>What a job made, how it is cut, and what happened to it.</summary>
internal static class JobDetailsApi
{
    public static void MapJobDetails(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/api/processing/jobs/{id}").WithTags("Jobs").AddEndpointFilter<RouteGroupBuilder, JobOwnership>();
        jobs.MapGet("/result", GetResult).WithName(nameof(GetResult));
        jobs.MapGet("/quarantine", GetQuarantine).WithName(nameof(GetQuarantine));
        jobs.MapGet("/partitions", ListPartitions).WithName(nameof(ListPartitions));
        jobs.MapGet("/plan", GetPlan).WithName(nameof(GetPlan));
        jobs.MapGet("/logs", GetLog).WithName(nameof(GetLog));
        jobs.MapGet("/callbacks", ListCallbacks).WithName(nameof(ListCallbacks));
        jobs.MapGet("/events", GetEvents).WithName(nameof(GetEvents));
    }

    private static async Task<IResult> GetResult(
        JobId id, HttpRequest request, HttpResponse response, IResultReader results, CancellationToken cancellationToken)
    {
        var page = RowsPage.Read(request);
        var rows = await results.Read(id, page.Format, page.Offset, page.Limit, cancellationToken);
        return page.Answer(response, rows, $"{id}");
    }

    private static async Task<IResult> GetQuarantine(
        JobId id, HttpRequest request, HttpResponse response, IResultReader results, CancellationToken cancellationToken)
    {
        var page = RowsPage.Read(request);
        var rows = await results.ReadQuarantine(id, page.Format, page.Offset, page.Limit, cancellationToken);
        return page.Answer(response, rows, $"{id}-quarantine");
    }

    private static async Task<IResult> ListPartitions(
        JobId id, HttpRequest request, IJobStore jobs, ICheckpointStore checkpoints, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var pageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.PageSize;
        var stage = (int?)query.Whole("stage", 0, int.MaxValue);
        var after = ReadPageToken(query);
        query.Close();

        await jobs.Require(id, cancellationToken);
        // One more than asked for tells whether there is a next page.
        var found = await checkpoints.ListWithAttempts(id, stage, after, pageSize + 1, cancellationToken);
        var items = found.Take(pageSize).Select(row => JobDocuments.Of(row.Partition, row.Attempts)).ToList();
        var next = found.Count > pageSize ? string.Create(CultureInfo.InvariantCulture, $"{items[^1].Stage}.{items[^1].Partition}") : null;
        return TypedResults.Ok(new PartitionList(items, next));
    }

    private static async Task<IResult> GetPlan(JobId id, IJobStore jobs, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        var plan = await jobs.FindPlan(id, cancellationToken)
            ?? throw new ClusterException(Contracts.ErrorCode.ResultNotReady, $"Job {id} has no plan yet.", "Ask again once it is past PLANNING.");
        return TypedResults.Ok(PlanDocuments.Of(plan));
    }

    private static async Task<IResult> GetLog(
        JobId id, IJobStore jobs, ICheckpointStore checkpoints, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        return TypedResults.Ok(await JobLogs.Read(id, jobs, checkpoints, cancellationToken));
    }

    private static async Task<IResult> ListCallbacks(JobId id, IJobStore jobs, IOutbox outbox, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        return TypedResults.Ok(new CallbackList([.. (await outbox.ListDeliveries(id, cancellationToken)).Select(JobDocuments.Of)]));
    }

    private static Task GetEvents(JobId id, HttpContext context, JobEventStream events) => events.Write(id, context);

    private static (int Stage, int Partition)? ReadPageToken(QueryForm query)
    {
        if (query.Text("pageToken") is not { } token)
        {
            return null;
        }

        if (token.Split('.') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var stage)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var partition))
        {
            return (stage, partition);
        }

        query.Faults.Add(QueryForm.At("pageToken"), FaultCodes.InvalidValue, "The value must be a nextPageToken of this list.");
        return null;
    }
}
