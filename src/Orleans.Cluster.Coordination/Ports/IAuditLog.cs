namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to the record of every change that somebody asked for. Entries form a chain: each one's hash covers the hash before it,
/// so a row that is changed, removed or put in between is found by <see cref="Verify"/>.
/// </summary>
internal interface IAuditLog
{
    /// <summary>
    /// The action of an entry that says which entries were removed for their age; its target is the mark of the last of them.
    /// </summary>
    const string Trimmed = "audit.trim";

    /// <summary>Adds an entry at the end; its number, from 1.</summary>
    Task<long> Append(AuditEvent entry, CancellationToken cancellationToken);

    /// <summary>Entries newest first, below a number when given.</summary>
    Task<IReadOnlyList<AuditEntry>> List(long? before, int pageSize, CancellationToken cancellationToken);

    /// <summary>
    /// Removes entries before a time. The last of them is named by an entry of its own at the end of the chain,
    /// <see cref="Trimmed"/>, so that what is left can be checked as before, and nobody can remove more without being seen.
    /// </summary>
    /// <returns>Entries removed.</returns>
    Task<long> Trim(DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Reads the whole chain again.</summary>
    /// <param name="kept">
    /// What somebody wrote down of an earlier verdict, out of reach of whoever can write to the database: a chain that was cut
    /// off, or written anew from its beginning, has another entry there, or none. Null looks at the chain alone.
    /// </param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task<AuditVerdict> Verify(AuditMark? kept, CancellationToken cancellationToken);
}

/// <summary>One entry's number and hash; with them all entries before it are fixed.</summary>
internal sealed record AuditMark(long Sequence, string Hash)
{
    /// <summary>Reads <c>number:hash</c>.</summary>
    public static AuditMark? TryParse(string text) =>
        text.Split(':') is [var number, { Length: 64 } hash]
        && long.TryParse(
            number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var sequence)
            ? new AuditMark(sequence, hash)
            : null;

    public override string ToString() => $"{Sequence}:{Hash}";
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

/// <summary>
/// What the chain says. <paramref name="FirstBroken"/> is the first number whose entry is missing or not as it was written; null
/// when all is well.
/// </summary>
internal sealed record AuditVerdict(long Entries, long? FirstBroken)
{
    /// <summary>The newest entry, worth writing down elsewhere; null in an empty log.</summary>
    public AuditMark? Last { get; init; }
}
