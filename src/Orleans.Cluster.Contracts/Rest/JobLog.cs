namespace Orleans.Cluster.Contracts.Rest;

/// <summary>What happened to a job, in order of time: its changes of phase, and attempts that ended badly.</summary>
/// <param name="Items">At most the newest 10,000.</param>
public sealed record JobLog(IReadOnlyList<JobLogLine> Items);

/// <summary>One event of a job.</summary>
/// <param name="At">When.</param>
/// <param name="Level"><c>INFORMATION</c>, <c>WARNING</c> or <c>ERROR</c>.</param>
/// <param name="Message">What happened.</param>
/// <param name="Stage">Stage of the attempt.</param>
/// <param name="Partition">Partition of the attempt.</param>
/// <param name="Attempt">Number of the attempt.</param>
/// <param name="Worker">Who ran it.</param>
public sealed record JobLogLine(
    DateTimeOffset At, string Level, string Message, int? Stage = null, int? Partition = null, int? Attempt = null,
    WorkerId? Worker = null);

/// <summary>A change of a job's phase, as <c>jobs/{id}/events</c> tells it.</summary>
/// <param name="Id">The job.</param>
/// <param name="At">When.</param>
/// <param name="Status">The new phase.</param>
/// <param name="Revision">Revision of the job that it belongs to.</param>
/// <param name="Detail">Why, when that needs saying.</param>
public sealed record JobPhaseEvent(JobId Id, DateTimeOffset At, JobPhase Status, long Revision, string? Detail);
