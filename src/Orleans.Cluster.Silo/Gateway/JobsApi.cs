using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Grains.Jobs;
using Orleans.Cluster.Grains.Planning;
using Orleans.Cluster.Silo.Callbacks;
using Orleans.Cluster.Silo.Gateway.Access;
using Orleans.Cluster.Silo.Gateway.Forms;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>Submit, look at, list, cancel, retry and remove jobs.</summary>
internal static class JobsApi
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/api/processing/jobs").WithTags("Jobs");
        jobs.MapPost("/submit", SubmitJob).WithName(nameof(SubmitJob)).AuditedAs("job.submit");
        jobs.MapGet("/list", ListJobs).WithName(nameof(ListJobs));
        var job = jobs.MapGroup("/{id}").AddEndpointFilter<RouteGroupBuilder, JobOwnership>();
        job.MapGet("/status", GetStatus).WithName(nameof(GetStatus));
        job.MapPost("/cancel", CancelJob).WithName(nameof(CancelJob)).AuditedAs("job.cancel");
        job.MapPost("/retry", RetryJob).WithName(nameof(RetryJob)).AuditedAs("job.retry");
        job.MapDelete("", DeleteJob).WithName(nameof(DeleteJob)).AuditedAs("job.delete");
    }

    private static async Task<IResult> SubmitJob(
        HttpRequest request, HttpResponse response, IJobDesk desk, IJobPlanning planning, CallbackTargets callbacks, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var validateOnly = query.Flag("validateOnly");
        query.Close();
        var key = request.IdempotencyKey();
        var spec = JobSpecReader.ReadJob(await request.ReadJson(cancellationToken));
        callbacks.Check(spec.Callback);
        var note = request.HttpContext.Features.Get<AuditNote>();
        if (validateOnly)
        {
            note?.IsNoChange = true;
            return TypedResults.Ok(PlanDocuments.Of(await planning.Plan(spec, cancellationToken)));
        }

        var status = await desk.Submit(spec, new SubmitOrigin(request.HttpContext.User.OwnerOfNew(), key, HashOf(spec)), cancellationToken);
        note?.Target = $"{status.Id}";
        return Accepted(response, status);
    }

    private static async Task<IResult> GetStatus(
        JobId id, HttpRequest request, HttpResponse response, IJobDesk desk, CancellationToken cancellationToken)
    {
        var status = await desk.GetStatus(id, cancellationToken);
        // Without a tag the client asks for the next change from now on; with one, from what it has seen.
        if (request.PreferredWait() is { } wait)
        {
            response.Headers["Preference-Applied"] = $"wait={(int)wait.TotalSeconds}";
            var isNews = request.Headers.IfNoneMatch.Count > 0 && !request.Knows(status);
            if (!isNews && !status.Phase.IsTerminal())
            {
                status = await desk.WaitForChange(id, status.Revision, wait, cancellationToken);
            }
        }

        response.Headers.ETag = RequestHeaders.TagOf(status).ToString();
        response.Headers.CacheControl = "no-cache";
        return request.Knows(status) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(status);
    }

    private static async Task<IResult> CancelJob(JobId id, HttpResponse response, IJobDesk desk, CancellationToken cancellationToken)
    {
        var status = await desk.Cancel(id, cancellationToken);
        return status.Phase == JobPhase.Cancelled ? TypedResults.Ok(status) : Accepted(response, status);
    }

    private static async Task<IResult> RetryJob(JobId id, HttpResponse response, IJobDesk desk, CancellationToken cancellationToken) =>
        Accepted(response, await desk.Retry(id, cancellationToken));

    private static async Task<IResult> DeleteJob(JobId id, IJobDesk desk, CancellationToken cancellationToken)
    {
        await desk.Delete(id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ListJobs(HttpRequest request, IJobStore store, IJobDesk desk, CancellationToken cancellationToken)
    {
        var filter = ReadFilter(request.Query) with { Owner = request.HttpContext.User.SeesOnly() };
        var page = await store.List(filter, cancellationToken);
        var items = await Task.WhenAll(page.Jobs.Select(job => Describe(job, desk, cancellationToken)));
        return TypedResults.Ok(new JobList(items, page.Next?.ToString()));
    }

    // Only a grain knows what a living job is doing; of an ended one the row says all.
    private static async Task<JobStatus> Describe(JobRecord job, IJobDesk desk, CancellationToken cancellationToken)
    {
        if (job.State.Phase.IsTerminal())
        {
            return JobDocuments.Of(job);
        }

        try
        {
            return await desk.GetStatus(job.State.Id, cancellationToken);
        }
        catch (ClusterException e) when (e.Code == Contracts.ErrorCode.JobNotFound)
        {
            // It has ended and was removed since the page was read.
            return JobDocuments.Of(job);
        }
    }

    private static JobFilter ReadFilter(IQueryCollection parameters)
    {
        var query = new QueryForm(parameters);
        var filter = new JobFilter
        {
            PageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.PageSize,
            Before = ReadPageToken(query),
            Phases = query.Words<JobPhase>("status"),
            Priority = One<JobPriority>(query, "priority"),
            Operation = One<OperationKind>(query, "operation"),
            CreatedAfter = query.Time("createdAfter"),
            CreatedBefore = query.Time("createdBefore"),
            Labels = query.WithPrefix("label."),
        };
        query.Close();
        return filter.Labels.Count == 0 ? filter with { Labels = null } : filter;
    }

    private static JobId? ReadPageToken(QueryForm query)
    {
        if (query.Text("pageToken") is not { } token)
        {
            return null;
        }

        if (!JobId.TryParse(token, null, out var before))
        {
            query.Faults.Add(QueryForm.At("pageToken"), FaultCodes.InvalidValue, "The value must be a nextPageToken of this list.");
        }

        return before;
    }

    private static T? One<T>(QueryForm query, string name)
        where T : struct, Enum
    {
        var words = query.Words<T>(name);
        if (words is { Count: > 1 })
        {
            query.Faults.Add(QueryForm.At(name), FaultCodes.Conflict, "The parameter can stand once.");
        }

        return words?[0];
    }

    private static IResult Accepted(HttpResponse response, JobStatus status)
    {
        response.Headers.RetryAfter = "1";
        response.Headers.ETag = RequestHeaders.TagOf(status).ToString();
        return TypedResults.Accepted(JobLinks.Of(status.Id).Self, status);
    }

    // Of what was understood, not of the bytes: a client that writes the same job with other blanks repeats the same request.
    private static string HashOf(JobSpec spec) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec, WireJson.Options)));
}
