using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Jobs;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.InsideContracts;
using Orleans.Concurrency;

namespace Orleans.Cluster.Gateway.Inside;

/// <summary>
/// <inheritdoc cref="IJobRequestsGrain"/> Only gateways have it. It keeps nothing, so each gateway runs as many as it has
/// processors, and each of them works on many calls at once. Callers are inside the trust boundary: they see every job, and what
/// they change is in the audit log under the name that they give.
/// </summary>
// The name in calls between builds is older than the class.
[StatelessWorker, Reentrant, GrainType("jobdoor")]
internal sealed partial class JobRequestsGrain(
    JobRequests requests, IJobService desk, IResultReader results, IAuditLog audit, TimeProvider clock,
    ILogger<JobRequestsGrain> logger)
    : Grain, IJobRequestsGrain
{
    private const string Origin = "grain call";

    public Task<JobStatus> Submit(byte[] spec, string idempotencyKey, string service) => Change(
        "job.submit", service, status => $"{status?.Id}",
        () => requests.Submit(
            requests.ReadSpec(Bounded(spec)), OwnerOf(service), AccessRole.Admin, RequestHeaders.CheckedKey(idempotencyKey),
            CancellationToken.None));

    public Task<byte[]> Validate(byte[] spec, CancellationToken cancellationToken) =>
        Document(() => requests.Plan(requests.ReadSpec(Bounded(spec)), cancellationToken));

    public Task<JobStatus> GetStatus(JobId id) => Answer(() => desk.GetStatus(id, CancellationToken.None));

    public Task<JobStatus> WaitForChange(JobId id, long knownRevision) =>
        Answer(() => desk.WaitForChange(id, knownRevision, InsideLimits.PollHold, CancellationToken.None));

    public Task<JobStatus> Cancel(JobId id, string service) =>
        Change("job.cancel", service, _ => $"{id}", () => desk.Cancel(id, CancellationToken.None));

    public Task<JobStatus> Retry(JobId id, string service) =>
        Change("job.retry", service, _ => $"{id}", () => desk.Retry(id, CancellationToken.None));

    public Task Delete(JobId id, string service) => Change("job.delete", service, _ => $"{id}", async () =>
    {
        await desk.Delete(id, CancellationToken.None);
        return true;
    });

    public Task<byte[]> List(string query) => Document(() => requests.List(Parsed(query), owner: null, CancellationToken.None));

    public Task<byte[]> GetPlan(JobId id) => Document(() => requests.GetPlan(id, CancellationToken.None));

    public Task<byte[]> ListResultParts(JobId id) => Document(() => results.ListParts(id, CancellationToken.None));

    public Task<byte[]> ListPartitions(JobId id, string query) =>
        Document(() => requests.ListPartitions(id, Parsed(query), CancellationToken.None));

    public Task<byte[]> GetLog(JobId id) => Document(() => requests.GetLog(id, CancellationToken.None));

    public Task<byte[]> ListCallbacks(JobId id) => Document(() => requests.ListCallbacks(id, CancellationToken.None));

    public Task<byte[]> PreviewData(byte[] request, CancellationToken cancellationToken) =>
        Document(() => requests.Preview(Bounded(request), null, cancellationToken));

    /// <summary>A query as HTTP would have read it.</summary>
    internal static IQueryCollection Parsed(string query) => new QueryCollection(QueryHelpers.ParseQuery(query));

    private static string OwnerOf(string service) => $"service:{service}";

    private static byte[] Bounded(byte[] body) => body.Length <= GatewayLimits.BodyBytes
        ? body
        : throw new ClusterException(
            Contracts.ProblemCode.PayloadTooLarge, $"A request body can have {GatewayLimits.BodyBytes} bytes at most.");

    private Task<byte[]> Document<T>(Func<Task<T>> question) =>
        Answer(async () => JsonSerializer.SerializeToUtf8Bytes(await question(), WireJson.Options));

    // As over HTTP: written before the caller hears the outcome, and refusals too.
    private async Task<T> Change<T>(string action, string service, Func<T?, string> target, Func<Task<T>> change)
    {
        T? done = default;
        var outcome = "ok";
        try
        {
            return done = await Answer(change);
        }
        catch (ClusterException refusal)
        {
            outcome = refusal.Problem.Code;
            throw;
        }
        finally
        {
            var entry = new AuditEvent(clock.GetUtcNow(), OwnerOf(service), action, target(done), Origin, outcome, null);
            await AuditTrail.Append(audit, entry, logger);
        }
    }

    /// <summary>What anything but a refusal becomes at the border: callers know the codes, and no exception of ours.</summary>
    private async Task<T> Answer<T>(Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (Exception e) when (e is not (ClusterException or OperationCanceledException))
        {
            var problem = Problems.Of(e) with { TraceId = Activity.Current?.TraceId.ToString() };
            Log.Failed(logger, e, problem.Code);
            throw new ClusterException(problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6030, Level = LogLevel.Error, Message = "A call from inside failed with {Code}")]
        public static partial void Failed(ILogger logger, Exception exception, string code);
    }
}
