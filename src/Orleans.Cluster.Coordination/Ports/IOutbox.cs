using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to the changes of phase that are to be posted to callbacks. They were stored with the changes themselves, so none is lost
/// and none is early.
/// </summary>
internal interface IOutbox
{
    /// <summary>
    /// Takes events whose time has come, oldest first. Nobody else gets them before <paramref name="lease"/> is over; a taker
    /// that dies costs no more than that. An event may be posted twice, never not at all: receivers tell by its id.
    /// </summary>
    Task<IReadOnlyList<OutboxEvent>> Claim(int max, TimeSpan lease, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The event was accepted, or is given up (then with the error that says why).</summary>
    Task Finish(OutboxEvent message, string? error, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The event was not accepted and is due again later.</summary>
    Task Postpone(OutboxEvent message, string error, DateTimeOffset dueAt, CancellationToken cancellationToken);

    /// <summary>These events were claimed and not tried; they are due again then, and it counts as no try.</summary>
    Task SetAside(IReadOnlyCollection<OutboxEvent> messages, DateTimeOffset dueAt, CancellationToken cancellationToken);

    /// <summary>What became of a job's events so far, in order.</summary>
    Task<IReadOnlyList<OutboxDelivery>> ListDeliveries(JobId job, CancellationToken cancellationToken);
}

/// <summary>
/// One event's way. <paramref name="DueAt"/> is the next try while <paramref name="DoneAt"/> is null; an error with a time of its
/// end means that it was given up.
/// </summary>
internal sealed record OutboxDelivery(
    JobId Job, long Sequence, JobPhase Phase, DateTimeOffset CreatedAt, int Tries, DateTimeOffset DueAt, DateTimeOffset? DoneAt,
    string? Error)
{
    public string Id => $"{Job}-{Sequence}";
}

/// <summary>A change of phase and where to post it.</summary>
/// <param name="Job">Whose.</param>
/// <param name="Sequence">Number of the change in the job's history.</param>
/// <param name="Phase">Phase that the job went to.</param>
/// <param name="At">When.</param>
/// <param name="Revision">Revision of the job then.</param>
/// <param name="Detail">The history's detail.</param>
/// <param name="Callback">Where to post it, and the secret to sign it with.</param>
/// <param name="Tries">How often it was taken, this time included.</param>
internal sealed record OutboxEvent(
    JobId Job, long Sequence, JobPhase Phase, DateTimeOffset At, long Revision, string? Detail, CallbackSpec Callback, int Tries)
{
    /// <summary>The same for every try.</summary>
    public string Id => $"{Job}-{Sequence}";
}
