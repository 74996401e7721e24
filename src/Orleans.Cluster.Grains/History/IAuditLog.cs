namespace Orleans.Cluster.Grains.History;

/// <summary>
/// Port to the record of every change that somebody asked for. Entries form a chain: each one's hash covers the hash before it, so a row
/// that is changed, removed or put in between is found by <see cref="Verify"/>.
/// </summary>
internal interface IAuditLog
{
    /// <summary>Adds an entry at the end; its number, from 1.</summary>
    Task<long> Append(AuditEvent entry, CancellationToken cancellationToken);

    /// <summary>Entries newest first, below a number when given.</summary>
    Task<IReadOnlyList<AuditEntry>> List(long? before, int pageSize, CancellationToken cancellationToken);

    /// <summary>Reads the whole chain again.</summary>
    Task<AuditVerdict> Verify(CancellationToken cancellationToken);
}

/// <summary>What happened: who did what to what, from where, and what came of it.</summary>
/// <param name="At">When, to the millisecond.</param>
/// <param name="Actor">Name of the key or login; empty where nobody has to log in.</param>
/// <param name="Action">A word, such as <c>job.cancel</c>.</param>
/// <param name="Target">What it was done to, such as a job id.</param>
/// <param name="Origin">Address that it came from.</param>
/// <param name="Outcome">A word: <c>ok</c>, or the code of a refusal.</param>
/// <param name="Detail">More, for people; never a secret.</param>
internal sealed record AuditEvent(
    DateTimeOffset At, string Actor, string Action, string Target, string Origin, string Outcome, string? Detail = null);

/// <summary>An event as stored.</summary>
internal sealed record AuditEntry(long Sequence, AuditEvent Event, string Hash);

/// <summary>What the chain says. <paramref name="FirstBroken"/> is the first number whose entry is missing or not as it was written; null when all is well.</summary>
internal sealed record AuditVerdict(long Entries, long? FirstBroken);
