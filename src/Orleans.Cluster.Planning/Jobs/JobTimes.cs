using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// Notes when stages open and when a retry begins, of which no earlier estimate of its time holds. Nothing is decided by it; the
/// job's trace tells it.
/// </summary>
public static class JobTimes
{
    /// <summary>The state after a change, with the times of what the change began.</summary>
    public static JobState Note(JobState before, JobState after, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var isRetry = after.Epoch > before.Epoch;
        if (!isRetry && after.Stages.SequenceEqual(before.Stages))
        {
            return after;
        }

        var open = before.Stages.Where(stage => stage.Phase == StagePhase.Open).Select(stage => stage.Index).ToHashSet();
        return after with
        {
            RetriedAt = isRetry ? now : after.RetriedAt,
            TimeLeft = isRetry ? null : after.TimeLeft,
            Stages =
            [
                .. after.Stages.Select(stage => stage.Phase == StagePhase.Open && (isRetry || !open.Contains(stage.Index))
                    ? stage with { OpenedAt = now }
                    : stage),
            ],
        };
    }

    /// <summary>Stages that a change has ended: complete now, or cut off by the end of the job.</summary>
    public static IReadOnlyList<StageState> Ended(JobState before, JobState after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var known = before.Stages.ToDictionary(stage => stage.Index, stage => stage.Phase);
        return
        [
            .. after.Stages.Where(stage => stage.OpenedAt is not null && stage.Phase switch
            {
                StagePhase.Complete => known.GetValueOrDefault(stage.Index) != StagePhase.Complete,
                StagePhase.Open => after.Phase.IsTerminal() && !before.Phase.IsTerminal(),
                _ => false,
            }),
        ];
    }
}
