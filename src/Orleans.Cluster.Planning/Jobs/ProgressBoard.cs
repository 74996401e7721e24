using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// How far one job is: the numbers of what has ended, as the table said last, and what workers said last of what runs.
/// </summary>
public sealed class ProgressBoard
{
    private static readonly IReadOnlyDictionary<int, (long Bytes, long Rows)> NothingRuns = new Dictionary<int, (long, long)>();

    private readonly RunningProgress running = new();
    private IReadOnlyList<StageTally> tallies = [];
    private readonly StagePaces paces = new();
    private int slots;

    /// <summary>Whether workers have said something of attempts that is not known to be over.</summary>
    public bool HasReadings => running.Count > 0;

    /// <summary>Bytes that attempts which run have written, as their workers said last.</summary>
    public long BytesBeingWritten => running.BytesWritten;

    /// <summary>The state with what it has in the artifact store.</summary>
    public JobState WithArtifacts(JobState state, JobSpec spec, JobPlan? plan) =>
        state with { ArtifactBytes = ArtifactUse.Of(state, spec, plan, tallies, running.BytesWritten) };

    /// <summary>Takes a worker's word.</summary>
    public void Report(IEnumerable<AttemptReading> readings) => running.Report(readings);

    /// <summary>Takes the numbers of the stages that have opened.</summary>
    public void Take(IReadOnlyList<StageTally> read) =>
        (tallies, slots) = (read, Math.Max(slots, read.Sum(tally => tally.Running)));

    /// <summary>How long the job will still take, as far as can be told now; null before anything was measured.</summary>
    public JobTimeLeft? FindTimeLeft(JobState state, JobPlan plan, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return TimeLeft.Seconds(plan, state.Stages, tallies, running.ByStage(), paces, slots, now) is { } seconds
            ? new JobTimeLeft(Math.Round(seconds, 2), now) : null;
    }

    /// <summary>Takes which attempts run, read after the numbers: only these count beside them.</summary>
    public void KeepOnly(IEnumerable<AttemptId> inTable) => running.KeepOnly(inTable);

    /// <summary>Forgets what runs.</summary>
    public void ForgetRunning() => running.Clear();

    /// <summary>
    /// The state with the progress that belongs to it: stages are shown from the moment that a job is planned, and one that ended
    /// between two looks still shows its last numbers.
    /// </summary>
    public JobState Complete(JobState state, JobPlan? plan)
    {
        ArgumentNullException.ThrowIfNull(state);
        var isPlanned = state is { Phase: JobPhase.Queued, Stages.Count: > 0, Progress.Stages.Count: 0 };
        if ((!isPlanned && state.Phase is not (JobPhase.Publishing or JobPhase.Succeeded)) || plan is null)
        {
            return state;
        }

        var progress = ProgressMeter.Measure(plan, state.Stages, tallies, NothingRuns, state.Progress);
        return state with
        {
            Progress = state.Phase == JobPhase.Succeeded
                ? progress with { Fraction = 1, BytesDone = progress.BytesTotal }
                : progress,
        };
    }

    /// <summary>
    /// Progress that the stored state does not show yet; null when there is none, or the job neither runs nor publishes.
    /// </summary>
    public JobProgress? FindNews(JobState state, JobPlan? plan)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Phase is not (JobPhase.Running or JobPhase.Publishing) || plan is null)
        {
            return null;
        }

        var progress = ProgressMeter.Measure(plan, state.Stages, tallies, running.ByStage(), state.Progress);
        var isSame = progress with { Stages = [] } == state.Progress with { Stages = [] };
        return isSame && progress.Stages.SequenceEqual(state.Progress.Stages) ? null : progress;
    }
}
