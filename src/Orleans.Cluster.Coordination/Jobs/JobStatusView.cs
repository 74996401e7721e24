using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>From a job's row to the status document.</summary>
internal static class JobStatusView
{
    /// <summary>The reason of every job while the database does not answer.</summary>
    public static JobReason StorageAway { get; } = new(
        ReasonCode.WaitingForStorage, "The database does not answer; the job goes on when it does.");

    /// <summary>The document now.</summary>
    /// <param name="job">The row.</param>
    /// <param name="reason">What the queue last said; null when it has not said anything yet.</param>
    /// <param name="plan">The plan, where it is at hand.</param>
    /// <param name="now">The clock.</param>
    public static JobStatus Of(JobRecord job, JobReason? reason, JobPlan? plan, DateTimeOffset now)
    {
        var state = job.State;
        return new JobStatus
        {
            Id = state.Id,
            Name = job.Spec.Name,
            Operation = job.Spec.Operation,
            Priority = state.Priority,
            Phase = state.Phase,
            Revision = state.Revision,
            CreatedAt = state.CreatedAt,
            StartedAt = state.StartedAt,
            FinishedAt = state.FinishedAt,
            Progress = Complete(state, plan),
            Eta = state.Phase == JobPhase.Running ? ProgressMeter.Estimate(state, now) : null,
            Reason = state.Phase.IsTerminal() ? null : Reason(state, reason),
            Result = state.Result,
            QuarantinedRows = state.QuarantinedRows,
            Error = state.Error,
            Labels = job.Spec.Labels,
            Links = JobLinks.Of(state.Id),
            Notes = state.Notes,
        };
    }

    // The queue's word is up to two seconds old; where the job itself knows more, that holds.
    private static JobReason Reason(JobState state, JobReason? said) => state.Phase switch
    {
        JobPhase.Planning => new JobReason(ReasonCode.Planning, "Its sources are being probed and its stages made."),
        JobPhase.Publishing => new JobReason(ReasonCode.Publishing, "Its output is being made visible."),
        JobPhase.Cancelling => new JobReason(ReasonCode.Cancelling, "Its attempts are being stopped."),
        JobPhase.Queued when state.Stages.Count == 0
            && said?.Code is not (ReasonCode.WaitingForDependency or ReasonCode.WaitingForStorage or ReasonCode.ClusterStopped) =>
            new JobReason(ReasonCode.Planning, "It was accepted and is about to be planned."),
        JobPhase.Queued when said?.Code == ReasonCode.Running =>
            new JobReason(ReasonCode.WaitingForSlot, "Its first tasks are being given to the workers."),
        JobPhase.Running when state.Progress.Partitions.Running is > 0 and var tasks
            && said?.Code is not (ReasonCode.Running or ReasonCode.WaitingForStorage) =>
            new JobReason(
                ReasonCode.Running, tasks == 1 ? "1 of its partitions is running." : $"{tasks} of its partitions are running."),
        _ when said?.Code is ReasonCode.Planning or ReasonCode.Publishing or null =>
            new JobReason(ReasonCode.WaitingForSlot, "Its tasks are being offered to the workers."),
        _ => said,
    };

    private static JobProgress Complete(JobState state, JobPlan? plan) =>
        state.Progress is { Stages.Count: 0 } && plan is not null
        ? ProgressMeter.Measure(plan, state.Stages, [], new Dictionary<int, (long, long)>(), state.Progress)
        : state.Progress;
}
