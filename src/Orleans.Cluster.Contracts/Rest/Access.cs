namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Body of <c>POST keys</c>.</summary>
/// <param name="Name">
/// Whom the key is for; jobs belong to it, and the audit log shows it. Two keys of one name own the same jobs.
/// </param>
/// <param name="Role">What the key may do.</param>
/// <param name="ExpiresAt">When it ends by itself; null for never.</param>
public sealed record NewKey(string Name, AccessRole Role, DateTimeOffset? ExpiresAt = null);

/// <summary>An API key without its secret.</summary>
/// <param name="Id">The key's visible beginning.</param>
/// <param name="Name">Whom it is for.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
/// <param name="RevokedAt">When it was ended.</param>
public sealed record KeyInfo(
    string Id, string Name, AccessRole Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>A key as made; nobody can be shown <paramref name="Secret"/> again.</summary>
/// <param name="Key">What is stored of it.</param>
/// <param name="Secret">The whole key, for <c>Authorization: Bearer</c>.</param>
public sealed record CreatedKey(KeyInfo Key, string Secret);

/// <summary>All keys in order of their making.</summary>
/// <param name="Items">Revoked and expired ones too.</param>
public sealed record KeyList(IReadOnlyList<KeyInfo> Items);

/// <summary>One entry of the audit log.</summary>
/// <param name="Sequence">Its number, from 1, without gaps.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who: <c>key:</c> or <c>jwt:</c> and a name; empty where nobody has to log in.</param>
/// <param name="Action">What, such as <c>job.cancel</c>.</param>
/// <param name="Target">To what, such as a job id.</param>
/// <param name="Origin">Address that it came from.</param>
/// <param name="Outcome"><c>ok</c>, or the code of the refusal.</param>
/// <param name="Detail">More, for people.</param>
/// <param name="Hash">Covers this entry and the hash before it.</param>
public sealed record AuditItem(
    long Sequence, DateTimeOffset At, string Actor, string Action, string Target, string Origin, string Outcome, string? Detail,
    string Hash);

/// <summary>One page of the audit log, newest first.</summary>
/// <param name="Items">Entries.</param>
/// <param name="NextPageToken">Asks for the next page; null on the last one.</param>
public sealed record AuditList(IReadOnlyList<AuditItem> Items, string? NextPageToken);

/// <summary>What reading the whole audit chain again has found.</summary>
/// <param name="Intact">Whether every entry is there and as it was written.</param>
/// <param name="Entries">How many there are.</param>
/// <param name="FirstBroken">Number of the first entry that is missing or changed; null when intact.</param>
public sealed record AuditCheck(bool Intact, long Entries, long? FirstBroken);
