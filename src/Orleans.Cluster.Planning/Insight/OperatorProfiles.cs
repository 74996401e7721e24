using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>Operators of many attempts as one tree for each stage.</summary>
public static class OperatorProfiles
{
    /// <summary>
    /// Merges committed attempts. The engine may give partitions of one stage different trees (it orders joins by size); each
    /// stage shows the tree that most of them have, and counts those alone.
    /// </summary>
    public static JobProfile Merge(IEnumerable<AttemptRecord> attempts) => new(
    [
        .. attempts.Where(attempt => attempt is { State: AttemptState.Committed, Cost.Operators.Count: > 0 })
            .GroupBy(attempt => attempt.Id.Task.Stage).OrderBy(stage => stage.Key)
            .Select(stage => MergeStage(stage.Key, [.. stage.Select(attempt => attempt.Cost!)])),
    ]);

    private static StageProfile MergeStage(int stage, List<TaskCost> costs)
    {
        var usual = costs.GroupBy(ShapeOf)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).First().ToList();
        var operators = usual[0].Operators!.Select((each, index) => Merge(each, index, usual)).ToList();
        return new StageProfile(stage, operators, usual.Count, costs.Sum(cost => cost.SpilledBytes));
    }

    private static OperatorProfile Merge(OperatorCost first, int index, List<TaskCost> costs)
    {
        var all = costs.Select(cost => cost.Operators![index]).ToList();
        var seconds = all.Select(each => each.Seconds).Order().ToList();
        return new OperatorProfile(
            index, first.Parent, first.Name, first.Detail,
            new ProfileSeconds(Round(seconds.Sum()), Round(Median(seconds)), Round(seconds[^1])),
            new ProfileRows(all.Sum(each => each.RowsIn), all.Sum(each => each.RowsOut)), SpilledBytes: 0);
    }

    private static string ShapeOf(TaskCost cost) =>
        string.Join('|', cost.Operators!.Select(each => $"{each.Parent}:{each.Name}"));

    private static double Median(List<double> sorted) => (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;

    private static double Round(double seconds) => Math.Round(seconds, 6);
}
