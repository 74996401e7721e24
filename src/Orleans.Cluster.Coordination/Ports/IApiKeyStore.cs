using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to API keys. A key is shown once, when it is made; stored is its hash.</summary>
internal interface IApiKeyStore
{
    /// <summary>Makes a key.</summary>
    Task<NewApiKey> Create(
        string name, AccessRole role, DateTimeOffset now, DateTimeOffset? expiresAt, CancellationToken cancellationToken);

    /// <summary>Whose key this is; null when it is unknown, revoked or expired.</summary>
    Task<ApiKey?> Find(string key, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>All keys in order of their making, revoked and expired ones too.</summary>
    Task<IReadOnlyList<ApiKey>> List(CancellationToken cancellationToken);

    /// <summary>Ends a key for good. False when there is none with this id, or it has ended already.</summary>
    Task<bool> Revoke(string id, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>A key without its secret. <paramref name="Id"/> is the key's visible beginning.</summary>
internal sealed record ApiKey(
    string Id, string Name, AccessRole Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>A key as made; <paramref name="Secret"/> is the whole of it, to be shown once.</summary>
internal sealed record NewApiKey(ApiKey Key, string Secret);
