using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary>
/// Looks at a cluster, changes its size, and says who may call it. Errors are those of <see cref="IJobClient"/>.
/// </summary>
public interface IClusterControl
{
    /// <summary>State, workers and the last scaling decision.</summary>
    Task<ClusterStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Wants workers to run; they join after this has returned.</summary>
    Task<ClusterStatus> StartAsync(ClusterStart? size = null, CancellationToken cancellationToken = default);

    /// <summary>Wants no workers to run; jobs stay resumable.</summary>
    Task<ClusterStatus> StopAsync(StopMode mode = StopMode.Drain, CancellationToken cancellationToken = default);

    /// <summary>Wants so many workers, or lets the autoscaler choose within bounds.</summary>
    Task<ClusterStatus> ScaleAsync(ClusterScale scale, CancellationToken cancellationToken = default);

    /// <summary>Scaling decisions with their reasons, the latest last.</summary>
    Task<IReadOnlyList<ScalingDecision>> ListDecisionsAsync(CancellationToken cancellationToken = default);

    /// <summary>What waits, and why: counts of all, and the first 50 jobs by name.</summary>
    Task<QueueStatus> GetQueueAsync(CancellationToken cancellationToken = default);

    /// <summary>What is offered, handed out and used.</summary>
    Task<ResourceStatus> GetResourcesAsync(CancellationToken cancellationToken = default);

    /// <summary>Advice from what was measured.</summary>
    Task<RecommendationList> GetRecommendationsAsync(CancellationToken cancellationToken = default);

    /// <summary>Figures of the cluster, now and since a time; a document without a type of its own.</summary>
    Task<JsonElement> GetMetricsAsync(
        DateTimeOffset? since = null, TimeSpan? step = null, CancellationToken cancellationToken = default);

    /// <summary>State of storage, membership and queue; also when it is bad.</summary>
    Task<JsonElement> GetHealthAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether jobs can be accepted and the configured workers are active. False also when nothing answers.</summary>
    Task<bool> IsReadyAsync(CancellationToken cancellationToken = default);

    /// <summary>API keys, those that have ended too.</summary>
    Task<KeyList> ListKeysAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes an API key. Its secret is in the answer and nowhere else; a lost answer leaves a key that nobody knows, to be
    /// revoked.
    /// </summary>
    Task<CreatedKey> CreateKeyAsync(NewKey key, CancellationToken cancellationToken = default);

    /// <summary>Ends an API key for good.</summary>
    Task RevokeKeyAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>One page of the audit log, newest first.</summary>
    Task<AuditList> ListAuditAsync(int pageSize = 50, string? pageToken = null, CancellationToken cancellationToken = default);

    /// <summary>Reads the whole audit log again and says whether each entry is there and as it was written.</summary>
    Task<AuditCheck> VerifyAuditAsync(CancellationToken cancellationToken = default);
}
