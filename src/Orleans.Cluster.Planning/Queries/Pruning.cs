using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Leaves out of a dataset what the query's condition cannot need: files by their folders, then row groups of Parquet by their
/// statistics. Only queries of one plain table are looked at, and what is not sure is read. The schema stays that of all files.
/// </summary>
internal static class Pruning
{
    /// <summary>The datasets as the query needs them; the same ones when nothing is left out.</summary>
    public static async Task<IReadOnlyDictionary<string, PlannedDataset>> Apply(
        IReadOnlyDictionary<string, PlannedDataset> datasets, PlanDraft draft, string sql)
    {
        if (!datasets.Values.Any(dataset => FolderPruning.IsPossible(dataset) || HasRowGroups(dataset))
            || PlainCondition.Of(await draft.Parse(sql), datasets) is not { } query)
        {
            return datasets;
        }

        var whole = datasets[query.Dataset];
        var needed = FolderPruning.Apply(whole, query);
        if (HasRowGroups(needed) && await Question(needed, query, draft) is { } question)
        {
            needed = RowGroupPruning.Apply(needed, await draft.Judge(question));
        }

        return ReferenceEquals(needed, whole)
            ? datasets
            : datasets.ToDictionary(
                pair => pair.Key, pair => pair.Key == query.Dataset ? needed : pair.Value, StringComparer.OrdinalIgnoreCase);
    }

    // Within one partition the engine looks at the statistics itself, while it reads.
    private static bool HasRowGroups(PlannedDataset dataset) =>
        dataset.Format == SourceFormat.Parquet && dataset.Partitions.Count > 1;

    private static async Task<RowGroupQuestion?> Question(PlannedDataset dataset, PlainCondition query, PlanDraft draft)
    {
        var test = new RowGroupTest(query);
        var files = dataset.Partitions.SelectMany(partition => partition.Slices).Select(slice => slice.File);
        return test.Of(query.Condition) is { } condition
            ? new RowGroupQuestion(
                [.. files.DistinctBy(file => file.Stamp.Path)], dataset.Columns, test.Columns,
                await draft.RenderExpression(condition))
            : null;
    }
}
