using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>What a job has in the artifact store, for the bounds of one job and of one caller.</summary>
public static class ArtifactUse
{
    /// <summary>Bytes of a job in this state; of one that has ended, those that are kept for it.</summary>
    /// <param name="state">The state that is to be stored.</param>
    /// <param name="spec">What was asked for.</param>
    /// <param name="plan">Its plan; null when there is none.</param>
    /// <param name="tallies">Numbers of its stages as they were read last; empty when they were not read.</param>
    /// <param name="running">Bytes that attempts which run have written so far.</param>
    public static long Of(JobState state, JobSpec spec, JobPlan? plan, IReadOnlyList<StageTally> tallies, long running)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(tallies);
        return state.Phase switch
        {
            JobPhase.Cancelled => 0,
            _ when tallies.Count == 0 => state.ArtifactBytes,
            JobPhase.Succeeded when plan is not null => Sum(tallies, KeptStages(plan, spec).Contains),
            JobPhase.Failed => Sum(tallies, _ => true),
            _ => Sum(tallies, _ => true) + running,
        };
    }

    /// <summary>
    /// Stages whose files are kept when the job has succeeded: its tables, and its result unless that went to a folder of its
    /// user's.
    /// </summary>
    public static IReadOnlySet<int> KeptStages(JobPlan plan, JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(spec);
        HashSet<int> kept = [.. plan.Tables.Values];
        if (spec.Output is null)
        {
            kept.Add(plan.Stages[^1].Index);
        }

        return kept;
    }

    /// <summary>
    /// Why a job that runs must end: it has written more than a job may, or adds to what its caller has too much of, by whatever
    /// jobs. Null while neither is so.
    /// </summary>
    public static ProblemDocument? FindExcess(JobFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var written = Sum(facts.Tallies, _ => true) + facts.BytesBeingWritten;
        if (written > facts.MostArtifactBytes)
        {
            return ProblemDocument.Of(
                ProblemCode.OutOfDisk,
                $"The job's tasks have written {written} bytes, and a job may have {facts.MostArtifactBytes} "
                + "(Jobs:MaxArtifactBytes). "
                + "Select fewer columns, filter or aggregate first, or cut the job in parts.");
        }

        return written > 0 && facts.Caller is { } caller && caller.Bytes > caller.MostBytes
            ? ProblemDocument.Of(
                ProblemCode.QuotaExceeded,
                $"The jobs of this caller have {caller.Bytes} bytes in the artifact store, and a caller may have "
                + $"{caller.MostBytes} (Jobs:MaxArtifactBytesPerCaller).",
                "Delete jobs whose results you no longer need, then /retry.")
            : null;
    }

    private static long Sum(IReadOnlyList<StageTally> tallies, Func<int, bool> isKept) =>
        tallies.Where(tally => isKept(tally.Stage)).Sum(tally => tally.BytesOut);
}
