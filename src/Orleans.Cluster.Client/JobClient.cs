using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary><see cref="IJobClient"/> over a gateway's REST interface.</summary>
/// <param name="http">Its base address is the gateway's.</param>
/// <param name="options">Times of polls and outages.</param>
/// <param name="time">The clock; the system's when null.</param>
internal sealed class JobClient(HttpClient http, IOptions<JobClientOptions> options, TimeProvider? time = null) : IJobClient
{
    public const string IdempotencyKeyHeader = "Idempotency-Key";

    private const string Root = "/api/processing/jobs";

    private readonly ClusterTransport transport = new(http);
    private readonly TimeProvider clock = time ?? TimeProvider.System;

    public Task<JobStatus> SubmitAsync(JobSpec spec, string? idempotencyKey, CancellationToken cancellationToken) =>
        SubmitAsync(Wire.Json(spec), idempotencyKey, cancellationToken);

    public Task<JobStatus> SubmitJsonAsync(string spec, string? idempotencyKey, CancellationToken cancellationToken) =>
        SubmitAsync(Wire.Json(Encoding.UTF8.GetBytes(spec)), idempotencyKey, cancellationToken);

    public Task<PlanDocument> ValidateAsync(JobSpec spec, CancellationToken cancellationToken) =>
        ValidateAsync(Wire.Json(spec), cancellationToken);

    public Task<PlanDocument> ValidateJsonAsync(string spec, CancellationToken cancellationToken) =>
        ValidateAsync(Wire.Json(Encoding.UTF8.GetBytes(spec)), cancellationToken);

    public Task<JobStatus> GetStatusAsync(JobId id, CancellationToken cancellationToken) =>
        transport.GetAsync<JobStatus>(At(id, "status"), cancellationToken);

    public IAsyncEnumerable<JobStatus> WatchAsync(JobId id, CancellationToken cancellationToken)
    {
        var tag = (string?)null;
        return StatusWatch.Follow(PollAsync, options.Value.OutageTolerance, clock, cancellationToken);

        async Task<JobStatus?> PollAsync(JobStatus? known, CancellationToken token)
        {
            var next = await this.PollAsync(id, known is null ? null : tag, token);
            tag = next.ETag;
            return next.Status;
        }
    }

    public Task<JobStatus> WaitAsync(JobId id, CancellationToken cancellationToken) =>
        StatusWatch.LastOf(WatchAsync(id, cancellationToken));

    public async Task<JobStatus> CancelAsync(JobId id, CancellationToken cancellationToken)
    {
        using var request = Post(At(id, "cancel")).MarkRepeatable();
        return await transport.SendAsync<JobStatus>(request, cancellationToken);
    }

    public async Task<JobStatus> RetryAsync(JobId id, CancellationToken cancellationToken)
    {
        // Not repeatable: the second of two may find the job failed again, and start it a second time.
        using var request = Post(At(id, "retry"));
        return await transport.SendAsync<JobStatus>(request, cancellationToken);
    }

    public async Task DeleteAsync(JobId id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"{Root}/{id}");
        using var response = await transport.SendAsync(request, cancellationToken);
        await transport.ThrowIfRefusedAsync(response, cancellationToken);
    }

    public Task<JobList> ListAsync(JobFilter? filter, CancellationToken cancellationToken) =>
        transport.GetAsync<JobList>(Wire.Address($"{Root}/list", (filter ?? new JobFilter()).ToQuery()), cancellationToken);

    public Task<ResultRows> GetResultAsync(JobId id, long offset, long? limit, CancellationToken cancellationToken) =>
        transport.GetAsync<ResultRows>(Rows(id, "result", offset, limit), cancellationToken);

    public async Task<Stream> OpenResultAsync(
        JobId id, ResultFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Rows(id, "result", offset, limit));
        return await OpenAsync(request, format, cancellationToken);
    }

    public Task<ResultParts> ListResultPartsAsync(JobId id, CancellationToken cancellationToken) =>
        transport.GetAsync<ResultParts>(At(id, "result/parts"), cancellationToken);

    public async Task<Stream> OpenResultPartAsync(JobId id, int index, ResultFormat format, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(id, $"result/parts/{Wire.Number(index)}"));
        return await OpenAsync(request, format, cancellationToken);
    }

    private Task<Stream> OpenAsync(HttpRequestMessage request, ResultFormat format, CancellationToken cancellationToken)
    {
        request.Headers.Accept.ParseAdd(format switch
        {
            ResultFormat.Csv => "text/csv",
            ResultFormat.Parquet => "application/vnd.apache.parquet",
            ResultFormat.Arrow => "application/vnd.apache.arrow.stream",
            _ => "application/json",
        });
        return transport.OpenAsync(request, cancellationToken);
    }

    public Task<ResultRows> GetQuarantineAsync(JobId id, long offset, long? limit, CancellationToken cancellationToken) =>
        transport.GetAsync<ResultRows>(Rows(id, "quarantine", offset, limit), cancellationToken);

    public Task<PlanDocument> GetPlanAsync(JobId id, CancellationToken cancellationToken) =>
        transport.GetAsync<PlanDocument>(At(id, "plan"), cancellationToken);

    public Task<PartitionList> ListPartitionsAsync(
        JobId id, int pageSize, string? pageToken, CancellationToken cancellationToken) =>
        transport.GetAsync<PartitionList>(
            Wire.Address(At(id, "partitions"), [("pageSize", Wire.Number(pageSize)), ("pageToken", pageToken)]),
            cancellationToken);

    public Task<JobLog> GetLogAsync(JobId id, CancellationToken cancellationToken) =>
        transport.GetAsync<JobLog>(At(id, "logs"), cancellationToken);

    public Task<CallbackList> ListCallbacksAsync(JobId id, CancellationToken cancellationToken) =>
        transport.GetAsync<CallbackList>(At(id, "callbacks"), cancellationToken);

    public async Task<DatasetPreview> PartitionAsync(
        SourceSpec? source, PartitioningSpec? partitioning, CancellationToken cancellationToken)
    {
        using var request = Post("/api/processing/data/partition", new PartitionRequest(source, partitioning)).MarkRepeatable();
        return await transport.SendAsync<DatasetPreview>(request, cancellationToken);
    }

    private async Task<JobStatus> SubmitAsync(HttpContent spec, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Root}/submit") { Content = spec };
        request.Headers.Add(IdempotencyKeyHeader, idempotencyKey ?? Guid.CreateVersion7().ToString("N"));
        return await transport.SendAsync<JobStatus>(request, cancellationToken);
    }

    private async Task<PlanDocument> ValidateAsync(HttpContent spec, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Root}/submit?validateOnly=true") { Content = spec };
        return await transport.SendAsync<PlanDocument>(request.MarkRepeatable(), cancellationToken);
    }

    private async Task<Poll> PollAsync(JobId id, string? etag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(id, "status"));
        if (etag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
            request.Headers.TryAddWithoutValidation("Prefer", $"wait={options.Value.PollWait.TotalSeconds:0}");
        }

        using var response = await transport.SendAsync(request, cancellationToken);
        await transport.ThrowIfRefusedAsync(response, cancellationToken);
        return response.StatusCode == HttpStatusCode.NotModified
            ? new Poll(null, etag)
            : new Poll(await transport.ReadAsync<JobStatus>(response, cancellationToken), response.Headers.ETag?.ToString());
    }

    private static string At(JobId id, string what) => $"{Root}/{id}/{what}";

    private static string Rows(JobId id, string what, long offset, long? limit) =>
        Wire.Address(At(id, what), [("offset", Wire.Number(offset)), ("limit", Wire.Number(limit))]);

    private static HttpRequestMessage Post(string address) => new(HttpMethod.Post, address);

    private static HttpRequestMessage Post<T>(string address, T body) =>
        new(HttpMethod.Post, address) { Content = Wire.Json(body) };

    /// <summary>One answer to a poll; no status when nothing has changed.</summary>
    private sealed record Poll(JobStatus? Status, string? ETag);
}
