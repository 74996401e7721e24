namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Body of a callback: one change of a job's phase.</summary>
/// <param name="Type"><c>job.</c> and the phase in lower case, such as <c>job.succeeded</c>.</param>
/// <param name="Timestamp">When the phase changed.</param>
/// <param name="Data">Which job, and what it went to.</param>
public sealed record CallbackMessage(string Type, DateTimeOffset Timestamp, CallbackData Data);

/// <summary>The changed job in a callback.</summary>
/// <param name="Id">Which job.</param>
/// <param name="Status">Phase that it went to.</param>
/// <param name="Revision">The job's revision then; later events have higher ones.</param>
/// <param name="Detail">Why, where there is more to say.</param>
/// <param name="StatusAddress">Path of the status document.</param>
public sealed record CallbackData(JobId Id, JobPhase Status, long Revision, string? Detail, string StatusAddress);

/// <summary>A job's callbacks, in order.</summary>
/// <param name="Items">One for each change of phase.</param>
public sealed record CallbackList(IReadOnlyList<CallbackItem> Items);

/// <summary>The delivery of one event.</summary>
/// <param name="Id">The event's <c>webhook-id</c>, the same for each try.</param>
/// <param name="Status">Phase that it tells of.</param>
/// <param name="CreatedAt">When the phase changed.</param>
/// <param name="State">Where the delivery is.</param>
/// <param name="Tries">How often it was posted.</param>
/// <param name="NextTryAt">When it is posted next; null once it is over.</param>
/// <param name="EndedAt">When it was accepted or given up.</param>
/// <param name="LastError">What the last try met; null when it was accepted.</param>
public sealed record CallbackItem(
    string Id, JobPhase Status, DateTimeOffset CreatedAt, CallbackState State, int Tries, DateTimeOffset? NextTryAt,
    DateTimeOffset? EndedAt,
    string? LastError);

/// <summary>Where a delivery is.</summary>
public enum CallbackState
{
    /// <summary>It is to be posted, for the first time or again.</summary>
    Waiting = 0,

    /// <summary>The receiver has accepted it.</summary>
    Delivered = 1,

    /// <summary>Nobody accepted it in its time.</summary>
    GivenUp = 2,
}
