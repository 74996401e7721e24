using System.Globalization;
using System.Net;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary><see cref="IClusterControl"/> over a gateway's REST interface.</summary>
internal sealed class ClusterControl(HttpClient http) : IClusterControl
{
    private const string Root = "/api/processing";

    private readonly ClusterTransport transport = new(http);

    public Task<ClusterStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<ClusterStatus>($"{Root}/cluster/status", cancellationToken);

    public Task<ClusterStatus> StartAsync(ClusterStart? size, CancellationToken cancellationToken) =>
        ChangeAsync("start", size ?? new ClusterStart(), cancellationToken);

    public Task<ClusterStatus> StopAsync(StopMode mode, CancellationToken cancellationToken) =>
        ChangeAsync("stop", new ClusterStop(mode), cancellationToken);

    public Task<ClusterStatus> ScaleAsync(ClusterScale scale, CancellationToken cancellationToken) =>
        ChangeAsync("scale", scale, cancellationToken);

    public Task<IReadOnlyList<ScalingDecision>> ListDecisionsAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<IReadOnlyList<ScalingDecision>>($"{Root}/cluster/decisions", cancellationToken);

    public Task<QueueStatus> GetQueueAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<QueueStatus>($"{Root}/queue/status", cancellationToken);

    public Task<ResourceStatus> GetResourcesAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<ResourceStatus>($"{Root}/resources", cancellationToken);

    public Task<RecommendationList> GetRecommendationsAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<RecommendationList>($"{Root}/resources/recommendations", cancellationToken);

    public Task<JsonElement> GetMetricsAsync(DateTimeOffset? since, TimeSpan? step, CancellationToken cancellationToken) =>
        transport.GetAsync<JsonElement>(
            Wire.Address(
                $"{Root}/metrics/cluster",
                [("since", Wire.Time(since)), ("step", step?.TotalSeconds.ToString(CultureInfo.InvariantCulture))]),
            cancellationToken);

    public async Task<JsonElement> GetHealthAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Root}/health");
        using var response = await transport.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.ServiceUnavailable || ClusterTransport.IsProblem(response))
        {
            await transport.ThrowIfRefusedAsync(response, cancellationToken);
        }

        return await transport.ReadAsync<JsonElement>(response, cancellationToken);
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Root}/health/ready");
        try
        {
            using var response = await transport.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (ClusterUnreachableException)
        {
            return false;
        }
    }

    public Task<KeyList> ListKeysAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<KeyList>($"{Root}/keys", cancellationToken);

    public async Task<CreatedKey> CreateKeyAsync(NewKey key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Root}/keys") { Content = Wire.Json(key) };
        return await transport.SendAsync<CreatedKey>(request, cancellationToken);
    }

    public async Task RevokeKeyAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"{Root}/keys/{Uri.EscapeDataString(id)}");
        using var response = await transport.SendAsync(request, cancellationToken);
        await transport.ThrowIfRefusedAsync(response, cancellationToken);
    }

    public Task<AuditList> ListAuditAsync(int pageSize, string? pageToken, CancellationToken cancellationToken) =>
        transport.GetAsync<AuditList>(
            Wire.Address($"{Root}/audit", [("pageSize", Wire.Number(pageSize)), ("pageToken", pageToken)]), cancellationToken);

    public Task<AuditCheck> VerifyAuditAsync(CancellationToken cancellationToken) =>
        transport.GetAsync<AuditCheck>($"{Root}/audit/verify", cancellationToken);

    /// <summary>A wanted state, so that asking for it twice is asking for it once.</summary>
    private async Task<ClusterStatus> ChangeAsync<T>(string verb, T body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Root}/cluster/{verb}") { Content = Wire.Json(body) };
        return await transport.SendAsync<ClusterStatus>(request.MarkRepeatable(), cancellationToken);
    }
}
