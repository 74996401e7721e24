using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Gateway.Jobs;

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
        HttpRequest request, HttpResponse response, JobRequests requests, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var validateOnly = query.Flag("validateOnly");
        query.Close();
        var key = request.IdempotencyKey();
        var spec = requests.ReadSpec(await request.ReadJson(cancellationToken));
        await requests.CheckSources(
            SourceJobs.Of(spec).Select(source => source.Job).Concat(spec.DependsOn), request.HttpContext.User.ReadsOnly(),
            cancellationToken);
        var note = request.HttpContext.Features.Get<AuditNote>();
        if (validateOnly)
        {
            note?.IsNoChange = true;
            return TypedResults.Ok(await requests.Plan(spec, cancellationToken));
        }

        var user = request.HttpContext.User;
        var status = await requests.Submit(spec, user.OwnerOfNew(), user.CallerRole()
            ?? AccessRole.Viewer, key, cancellationToken);
        note?.Target = $"{status.Id}";
        return Accepted(response, status);
    }

    private static async Task<IResult> GetStatus(
        JobId id, HttpRequest request, HttpResponse response, IJobService desk, CancellationToken cancellationToken)
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

    private static async Task<IResult> CancelJob(
        JobId id, HttpResponse response, IJobService desk, CancellationToken cancellationToken)
    {
        var status = await desk.Cancel(id, cancellationToken);
        return status.Phase == JobPhase.Cancelled ? TypedResults.Ok(status) : Accepted(response, status);
    }

    private static async Task<IResult> RetryJob(
        JobId id, HttpResponse response, IJobService desk, CancellationToken cancellationToken) =>
        Accepted(response, await desk.Retry(id, cancellationToken));

    private static async Task<IResult> DeleteJob(JobId id, IJobService desk, CancellationToken cancellationToken)
    {
        await desk.Delete(id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ListJobs(HttpRequest request, JobRequests requests, CancellationToken cancellationToken) =>
        TypedResults.Ok(await requests.List(request.Query, request.HttpContext.User.SeesOnly(), cancellationToken));

    private static IResult Accepted(HttpResponse response, JobStatus status)
    {
        response.Headers.RetryAfter = "1";
        response.Headers.ETag = RequestHeaders.TagOf(status).ToString();
        return TypedResults.Accepted(JobLinks.Of(status.Id).Self, status);
    }
}
