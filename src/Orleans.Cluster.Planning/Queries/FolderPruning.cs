using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Leaves out files whose folders (<c>day=2024-01-05</c>) say that none of their rows can meet the query's condition.
/// </summary>
internal static class FolderPruning
{
    /// <summary>Whether the dataset has something that a condition could leave out.</summary>
    public static bool IsPossible(PlannedDataset dataset) =>
        Slices(dataset).Any(slice => slice.File.HiveValues is { Count: > 0 });

    /// <summary>The dataset without the files that the query cannot need; the same one when all are needed.</summary>
    public static PlannedDataset Apply(PlannedDataset dataset, PlainCondition query)
    {
        var test = new FolderTest(query);
        var verdicts = new Dictionary<string, bool>(StringComparer.Ordinal);
        return Prune(dataset, file =>
        {
            if (!verdicts.TryGetValue(file.Stamp.Path, out var isNeeded))
            {
                isNeeded = verdicts[file.Stamp.Path] = file.HiveValues is not { } folders
                    || !test.Excludes(query.Condition, folders);
            }

            return isNeeded;
        });
    }

    private static PlannedDataset Prune(PlannedDataset dataset, Func<SourceFile, bool> isNeeded)
    {
        var (before, partitions) = (Files(Slices(dataset)), new List<DataPartition>());
        foreach (var partition in dataset.Partitions)
        {
            var slices = partition.Slices.Where(slice => isNeeded(slice.File)).ToList();
            if (slices.Count == partition.Slices.Count)
            {
                partitions.Add(partition with { Index = partitions.Count });
            }
            else if (slices.Count > 0)
            {
                // Of slices of several kinds only their lengths tell which share of the partition is left.
                var share = slices.Sum(Length) / Math.Max(1, partition.Slices.Sum(Length));
                partitions.Add(new DataPartition
                {
                    Index = partitions.Count,
                    Slices = slices,
                    Bytes = (long)(partition.Bytes * share),
                    EstimatedRows = (long)(partition.EstimatedRows * share),
                });
            }
        }

        var after = Files(partitions.SelectMany(partition => partition.Slices));
        if (after.Count == before.Count)
        {
            return dataset;
        }

        var (bytesBefore, bytesAfter) = (before.Values.Sum(file => file.Stamp.Bytes), after.Values.Sum(file => file.Stamp.Bytes));
        return dataset with
        {
            Partitions = partitions,
            TotalBytes = Math.Max(0, dataset.TotalBytes - (bytesBefore - bytesAfter)),
            EstimatedRows = partitions.Sum(partition => partition.EstimatedRows),
            InflatedBytes = bytesBefore == 0 ? 0 : (long)(dataset.InflatedBytes * (bytesAfter / (double)bytesBefore)),
            Pruned = new PrunedFiles(before.Count - after.Count, before.Count, bytesBefore - bytesAfter),
        };
    }

    private static double Length(FileSlice slice) => slice.End - slice.Start;

    private static IEnumerable<FileSlice> Slices(PlannedDataset dataset) =>
        dataset.Partitions.SelectMany(partition => partition.Slices);

    private static Dictionary<string, SourceFile> Files(IEnumerable<FileSlice> slices) =>
        slices.DistinctBy(slice => slice.File.Stamp.Path)
        .ToDictionary(slice => slice.File.Stamp.Path, slice => slice.File, StringComparer.Ordinal);
}
