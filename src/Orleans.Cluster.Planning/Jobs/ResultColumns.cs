using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>Columns of a result: as planned, or as its tasks found them where only the data knows them.</summary>
public static class ResultColumns
{
    /// <param name="plan">The plan of the job.</param>
    /// <param name="partitions">Committed partitions of its last stage.</param>
    public static IReadOnlyList<ColumnSchema> Of(JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(partitions);
        return plan.Stages[^1].KeyColumns is null ? plan.Columns : partitions[0].Manifest!.Columns;
    }
}
