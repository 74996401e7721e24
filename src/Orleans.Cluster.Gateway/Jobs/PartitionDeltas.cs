using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>What one follower of a job knows of its partitions, and what to tell it next.</summary>
internal sealed class PartitionDeltas
{
    private readonly Dictionary<int, string> told = [];

    /// <summary>Changes since the last call; null when there are none.</summary>
    public PartitionsEvent? Next(JobId job, PartitionSummary now)
    {
        var stages = now.Stages.Select(Next).OfType<StageChange>().ToList();
        return stages.Count == 0 ? null : new PartitionsEvent(job, now.Revision, stages);
    }

    private StageChange? Next(StageSummary stage)
    {
        var before = told.GetValueOrDefault(stage.Stage, "");
        told[stage.Stage] = stage.States;
        var runs = Runs(before, stage.States).ToList();
        return runs.Count == 0 && before.Length == stage.States.Length
            ? null
            : new StageChange(stage.Stage, stage.States.Length, runs);
    }

    private static IEnumerable<PartitionRun> Runs(string before, string now)
    {
        var at = 0;
        while (at < now.Length)
        {
            var from = at;
            while (at < now.Length && (at >= before.Length || before[at] != now[at]))
            {
                at++;
            }

            if (at > from)
            {
                yield return new PartitionRun(from, now[from..at]);
            }

            at++;
        }
    }
}
