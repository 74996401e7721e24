using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Reads what a job decides on: what the stores say of it now, and what its source files are at a retry.</summary>
internal sealed class JobObserver(
    IJobStore jobs, ICheckpointStore checkpoints, IPartitionSplitter splitter, ISourceRecheck recheck, CallerQuota quota,
    IOptions<JobOptions> options, TimeProvider clock)
{
    /// <summary>The facts of a job as they are, for the decision that its row has now.</summary>
    /// <param name="row">Its row, just read.</param>
    /// <param name="board">Takes the numbers that are shown.</param>
    /// <param name="isBusy">Whether something plans or publishes for it.</param>
    public async Task<JobFacts> Observe(JobRow row, JobBoard board, Func<bool> isBusy)
    {
        var (state, spec) = (row.Known!.State, row.Known.Spec);
        await row.LoadPlan();
        var open = state.Stages.Count > 0;
        var tallies = open ? await checkpoints.Tally(state.Id, CancellationToken.None) : [];
        board.Progress.Take(tallies);
        var running = board.Progress.HasReadings ? await checkpoints.ListRunning(state.Id, CancellationToken.None) : [];
        board.Progress.KeepOnly(running.Select(item => item.Attempt));
        board.StorageAnswers();

        var firstStart = state.StartedAt
            ?? (open ? await checkpoints.FindFirstStart(state.Id, null, CancellationToken.None) : null);
        var runningAttempts = tallies.Sum(tally => tally.Running);
        var failed = tallies.Any(tally => tally.Failed > 0) ? await checkpoints.ListFailed(state.Id, CancellationToken.None) : [];
        return new JobFacts
        {
            Now = clock.GetUtcNow(),
            Decisions = state.Decisions,
            Plan = row.Plan,
            Tallies = tallies,
            FirstStartedAt = firstStart,
            HasBegun = runningAttempts > 0 || (state.Phase == JobPhase.Queued && open && await HasBegun(state, firstStart)),
            Failed = failed,
            Halves = row.Plan is not { } plan || state.Phase is not (JobPhase.Queued or JobPhase.Running)
                ? new Dictionary<TaskId, IReadOnlyList<PartitionWork>>()
                : await splitter.Find(plan, failed, state.AcceptedStamps, CancellationToken.None),
            RunningAttempts = runningAttempts,
            BytesBeingWritten = board.Progress.BytesBeingWritten,
            MostArtifactBytes = options.Value.MaxArtifactBytes,
            Caller = state.HasQuota && open ? await quota.FindUse(row.Known.Owner, CancellationToken.None) : null,
            IsBusy = isBusy(),
            Dependencies = state.Phase == JobPhase.Queued && !open && spec.DependsOn.Count > 0
                ? await jobs.FindPhases(spec.DependsOn, CancellationToken.None)
                : new Dictionary<JobId, JobPhase>(),
        };
    }

    /// <summary>
    /// Stamps of source files that were written again and may be read all the same, for a job that has ended; see
    /// <see cref="ISourceRecheck"/>.
    /// </summary>
    public async Task<IReadOnlyList<FileStamp>> FindAccepted(JobRow row)
    {
        var plan = await row.LoadPlan();
        return plan is null || !row.Known!.State.Phase.IsTerminal()
            ? []
            : await recheck.FindAccepted(plan, row.Known.State.AcceptedStamps, CancellationToken.None);
    }

    // Of a retry, only what began since counts.
    private async Task<bool> HasBegun(JobState state, DateTimeOffset? firstStart) =>
        (
            state.RetriedAt is null
                ? firstStart
                : await checkpoints.FindFirstStart(state.Id, state.RetriedAt, CancellationToken.None)) is not null;
}
