using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Contracts.Plans;

namespace Orleans.Cluster.Grains.Planning;

/// <summary>Cuts nothing: one partition for each file.</summary>
internal static class WholeFiles
{
    public static IReadOnlyDictionary<int, IReadOnlyList<long>> PlanCuts(DatasetProbe probe, PartitioningSpec partitioning) =>
        new Dictionary<int, IReadOnlyList<long>>();

    public static (IReadOnlyList<DataPartition> Partitions, IReadOnlyList<PlanWarning> Warnings) Plan(
        DatasetProbe probe, IReadOnlyDictionary<int, IReadOnlyList<AlignedRange>> ranges, PartitioningSpec partitioning) =>
        ([.. probe.Files.Where(file => file.Stamp.Bytes > file.DataStart).Select((file, index) => PartitionOf(probe, file, index))], []);

    private static DataPartition PartitionOf(DatasetProbe probe, SourceFile file, int index)
    {
        var isRows = probe.Format == SourceFormat.Parquet;
        var slice = new FileSlice
        {
            File = file,
            Start = isRows ? 0 : file.DataStart,
            End = isRows ? file.RowCount ?? 0 : file.Stamp.Bytes,
            Unit = isRows ? SliceUnit.Rows : SliceUnit.Bytes,
            Rows = file.RowCount,
            FirstLine = file.FirstLine,
        };
        return new DataPartition { Index = index, Slices = [slice], Bytes = file.Stamp.Bytes, EstimatedRows = file.EstimatedRows };
    }
}
