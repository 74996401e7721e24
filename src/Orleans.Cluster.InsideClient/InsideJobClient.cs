using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.InsideContracts;

namespace Orleans.Cluster.InsideClient;

/// <summary><see cref="IJobClient"/> by grain calls to a cluster's gateways.</summary>
internal sealed class InsideJobClient(
    IClusterClient cluster, ClusterAddress address, IOptions<InsideClientOptions> options, TimeProvider? time = null) : IJobClient
{
    private readonly TimeProvider clock = time ?? TimeProvider.System;
    private readonly InsideCalls calls = new(address, options.Value.Patience, time ?? TimeProvider.System);

    private IJobRequestsGrain Requests => Grain<IJobRequestsGrain>(InsideLimits.GatewayKey);

    public Task<JobStatus> SubmitAsync(JobSpec spec, string? idempotencyKey, CancellationToken cancellationToken) =>
        SubmitAsync(Wire.Utf8(spec), idempotencyKey, cancellationToken);

    public Task<JobStatus> SubmitJsonAsync(string spec, string? idempotencyKey, CancellationToken cancellationToken) =>
        SubmitAsync(Encoding.UTF8.GetBytes(spec), idempotencyKey, cancellationToken);

    public Task<PlanDocument> ValidateAsync(JobSpec spec, CancellationToken cancellationToken) =>
        AskAsync<PlanDocument>(() => Requests.Validate(Wire.Utf8(spec), cancellationToken), cancellationToken);

    public Task<PlanDocument> ValidateJsonAsync(string spec, CancellationToken cancellationToken) =>
        AskAsync<PlanDocument>(() => Requests.Validate(Encoding.UTF8.GetBytes(spec), cancellationToken), cancellationToken);

    public Task<JobStatus> GetStatusAsync(JobId id, CancellationToken cancellationToken) =>
        calls.Repeat(() => Requests.GetStatus(id), cancellationToken);

    public IAsyncEnumerable<JobStatus> WatchAsync(JobId id, CancellationToken cancellationToken) => StatusWatch.Follow(
        async (known, token) => known is null
            ? await calls.Repeat(() => Requests.GetStatus(id), token)
            : await calls.Repeat(() => Requests.WaitForChange(id, known.Revision), token),
        options.Value.OutageTolerance, clock, cancellationToken);

    public Task<JobStatus> WaitAsync(JobId id, CancellationToken cancellationToken) =>
        StatusWatch.LastOf(WatchAsync(id, cancellationToken));

    public Task<JobStatus> CancelAsync(JobId id, CancellationToken cancellationToken) =>
        calls.Repeat(() => Requests.Cancel(id, options.Value.Service), cancellationToken);

    // Once: the second of two may find the job failed again, and start it a second time.
    public Task<JobStatus> RetryAsync(JobId id, CancellationToken cancellationToken) =>
        calls.Once(() => Requests.Retry(id, options.Value.Service), cancellationToken);

    public Task DeleteAsync(JobId id, CancellationToken cancellationToken) => calls.Repeat(
        async () =>
        {
            await Requests.Delete(id, options.Value.Service);
            return true;
        },
        cancellationToken);

    public Task<JobList> ListAsync(JobFilter? filter, CancellationToken cancellationToken) =>
        AskAsync<JobList>(() => Requests.List(Wire.Query((filter ?? new JobFilter()).ToQuery())), cancellationToken);

    public async Task<ResultRows> GetResultAsync(JobId id, long offset, long? limit, CancellationToken cancellationToken)
    {
        await using var rows = await OpenResultAsync(id, ResultFormat.Json, offset, limit, cancellationToken);
        return await ReadAsync(rows, cancellationToken);
    }

    public Task<Stream> OpenResultAsync(
        JobId id, ResultFormat format, long offset, long? limit, CancellationToken cancellationToken) =>
        OpenAsync(id, isQuarantine: false, FormOf(format), offset, limit, cancellationToken);

    public Task<ResultParts> ListResultPartsAsync(JobId id, CancellationToken cancellationToken) =>
        AskAsync<ResultParts>(() => Requests.ListResultParts(id), cancellationToken);

    public async Task<Stream> OpenResultPartAsync(JobId id, int index, ResultFormat format, CancellationToken cancellationToken)
    {
        var files = (await ListResultPartsAsync(id, cancellationToken)).Parts;
        if (index < 0 || index >= files.Count)
        {
            throw new ClusterException(
                Contracts.ProblemCode.NotFound,
                $"The result of job {id} has {files.Count} parts, and none with the number {index}.");
        }

        return await OpenResultAsync(id, format, files.Take(index).Sum(file => file.Rows), files[index].Rows, cancellationToken);
    }

    public async Task<ResultRows> GetQuarantineAsync(JobId id, long offset, long? limit, CancellationToken cancellationToken)
    {
        await using var rows = await OpenAsync(id, isQuarantine: true, ExportFormat.Json, offset, limit, cancellationToken);
        return await ReadAsync(rows, cancellationToken);
    }

    public Task<PlanDocument> GetPlanAsync(JobId id, CancellationToken cancellationToken) =>
        AskAsync<PlanDocument>(() => Requests.GetPlan(id), cancellationToken);

    public Task<PartitionList> ListPartitionsAsync(
        JobId id, int pageSize, string? pageToken, CancellationToken cancellationToken) =>
        AskAsync<PartitionList>(
            () => Requests.ListPartitions(id, Wire.Query([("pageSize", Wire.Number(pageSize)), ("pageToken", pageToken)])),
            cancellationToken);

    public Task<JobLog> GetLogAsync(JobId id, CancellationToken cancellationToken) =>
        AskAsync<JobLog>(() => Requests.GetLog(id), cancellationToken);

    public Task<CallbackList> ListCallbacksAsync(JobId id, CancellationToken cancellationToken) =>
        AskAsync<CallbackList>(() => Requests.ListCallbacks(id), cancellationToken);

    public Task<DatasetPreview> PartitionAsync(
        SourceSpec? source, PartitioningSpec? partitioning, CancellationToken cancellationToken) =>
        AskAsync<DatasetPreview>(
            () => Requests.PreviewData(Wire.Utf8(new PartitionRequest(source, partitioning)), cancellationToken),
            cancellationToken);

    private Task<JobStatus> SubmitAsync(byte[] spec, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var key = idempotencyKey ?? Guid.CreateVersion7().ToString("N");
        return calls.Repeat(() => Requests.Submit(spec, key, options.Value.Service), cancellationToken);
    }

    // What the cluster has is in a list that the client keeps up to date; while no gateway is there, the list has no such grain.
    private T Grain<T>(string key)
        where T : IGrainWithStringKey
    {
        try
        {
            return cluster.GetGrain<T>(key);
        }
        catch (ArgumentException exception)
        {
            throw calls.Unreachable(exception);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<byte[]>> question, CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<T>(await calls.Repeat(question, cancellationToken), WireJson.Options)!;

    private async Task<Stream> OpenAsync(
        JobId id, bool isQuarantine, ExportFormat format, long offset, long? limit, CancellationToken cancellationToken)
    {
        var query = Wire.Query([("offset", Wire.Number(offset)), ("limit", Wire.Number(limit))]);
        var key = InsideLimits.NewRowsKey();
        var rows = await calls.Repeat(() => Task.FromResult(Grain<IRowsGrain>(key)), cancellationToken);
        return await RowsStream.OpenAsync(rows, new RowsRequest(id, isQuarantine, format, query), calls, cancellationToken);
    }

    private static async Task<ResultRows> ReadAsync(Stream rows, CancellationToken cancellationToken) =>
        (await JsonSerializer.DeserializeAsync<ResultRows>(rows, WireJson.Options, cancellationToken))!;

    private static ExportFormat FormOf(ResultFormat format) => format switch
    {
        ResultFormat.Csv => ExportFormat.Csv,
        ResultFormat.Parquet => ExportFormat.Parquet,
        ResultFormat.Arrow => ExportFormat.Arrow,
        _ => ExportFormat.Json,
    };
}
