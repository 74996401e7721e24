using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary>
/// What people look at: a job in words, its attempts over time, its operators, files below the data roots. Errors are those of
/// <see cref="IJobClient"/>.
/// </summary>
public sealed class ClusterInsight
{
    private const string Root = "/api/processing";

    private readonly ClusterTransport transport;

    internal ClusterInsight(HttpClient http) => transport = new ClusterTransport(http);

    /// <summary>
    /// The status document with <c>spec</c> as it was submitted, but for a callback's secret, and with <c>owner</c> and what was
    /// decided.
    /// </summary>
    public Task<JsonElement> GetJobAsync(JobId id, CancellationToken cancellationToken = default) =>
        transport.GetAsync<JsonElement>($"{Root}/jobs/{id}", cancellationToken);

    /// <summary>Where a job's time went, and what stands out.</summary>
    public Task<JobStory> GetStoryAsync(JobId id, CancellationToken cancellationToken = default) =>
        transport.GetAsync<JobStory>($"{Root}/jobs/{id}/story", cancellationToken);

    /// <summary>The engine's operators, merged over the partitions of each stage.</summary>
    public Task<JobProfile> GetProfileAsync(JobId id, CancellationToken cancellationToken = default) =>
        transport.GetAsync<JobProfile>($"{Root}/jobs/{id}/profile", cancellationToken);

    /// <summary>A job's attempts by worker and slot.</summary>
    public Task<Timeline> GetTimelineAsync(JobId id, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Timeline>($"{Root}/jobs/{id}/timeline", cancellationToken);

    /// <summary>Attempts of all jobs that the caller may see, by worker and slot.</summary>
    /// <param name="from">Begin of the span; a quarter of an hour before its end when null.</param>
    /// <param name="to">End of the span; now when null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Timeline> GetClusterTimelineAsync(
        DateTimeOffset? from = null, DateTimeOffset? to = null, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Timeline>(
            Wire.Address($"{Root}/timeline", [("from", Wire.Time(from)), ("to", Wire.Time(to))]), cancellationToken);

    /// <summary>All partitions of a job in one small answer.</summary>
    public Task<PartitionSummary> SummarizePartitionsAsync(JobId id, CancellationToken cancellationToken = default) =>
        transport.GetAsync<PartitionSummary>($"{Root}/jobs/{id}/partitions/summary", cancellationToken);

    /// <summary>One page of a folder below the data roots; the roots when the path is null.</summary>
    public Task<BrowsePage> BrowseAsync(
        string? path = null, string? pageToken = null, CancellationToken cancellationToken = default) =>
        transport.GetAsync<BrowsePage>(
            Wire.Address($"{Root}/data/browse", [("path", path), ("pageToken", pageToken)]), cancellationToken);

    /// <summary>The first rows of a dataset as a job would read them; nothing of it is kept.</summary>
    public async Task<RowsPreview> PreviewAsync(PreviewRequest wanted, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Root}/data/preview") { Content = Wire.Json(wanted) };
        return await transport.SendAsync<RowsPreview>(request.MarkRepeatable(), cancellationToken);
    }

    /// <summary>Wants one worker to take nothing new and to leave when it is idle.</summary>
    public async Task<ClusterStatus> DrainWorkerAsync(string worker, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"{Root}/cluster/workers/{Uri.EscapeDataString(worker)}/drain");
        return await transport.SendAsync<ClusterStatus>(request.MarkRepeatable(), cancellationToken);
    }
}
