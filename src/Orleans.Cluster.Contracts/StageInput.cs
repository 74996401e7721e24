namespace Orleans.Cluster.Contracts;

/// <summary>
/// One table that a stage's query reads. Exactly one of <paramref name="Dataset"/> and <paramref name="Stage"/> is set.
/// </summary>
/// <param name="Name">Name in the query.</param>
/// <param name="Dataset">Name among the plan's datasets.</param>
/// <param name="Stage">Number of an earlier stage.</param>
/// <param name="Mode">Which part of it each task gets.</param>
/// <param name="UsedColumns">Columns that the query uses; null for all.</param>
/// <param name="MaySplit">
/// Of <c>TARGET</c>: a target with far more rows than others may be shared out over several tasks by the partitions that
/// wrote its rows; each of these tasks gets all rows of the stage's other inputs.
/// </param>
/// <param name="EstimatedBytes">Bytes of it that all tasks together read once, estimated.</param>
public sealed record StageInput(
    string Name, string? Dataset, int? Stage, InputMode Mode, IReadOnlyList<string>? UsedColumns = null, bool MaySplit = false,
    long EstimatedBytes = 0);

/// <summary>Which part of an input each task of a stage gets.</summary>
public enum InputMode
{
    /// <summary>
    /// Of a dataset: the partition with the task's number. Of a stage: the output of the partition with the task's number.
    /// </summary>
    Partition = 0,

    /// <summary>All of it, in partition order.</summary>
    All = 1,

    /// <summary>Of an exchange: the rows of the task's targets, in order of the partitions that wrote them.</summary>
    Target = 2,

    /// <summary>Of a re-chunk stage: one piece.</summary>
    Chunk = 3,
}
