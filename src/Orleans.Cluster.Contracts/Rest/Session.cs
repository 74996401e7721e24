namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Who a browser's cookie stands for, and until when.</summary>
/// <param name="Caller">As in the audit log.</param>
/// <param name="Role">What it may do.</param>
/// <param name="ExpiresAt">When the cookie ends.</param>
public sealed record SessionInfo(string Caller, AccessRole Role, DateTimeOffset ExpiresAt);
