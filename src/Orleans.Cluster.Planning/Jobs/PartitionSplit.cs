using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// Halves of a partition that needed more memory than it may have. They keep its place in the order (17 becomes 17.0 and 17.1)
/// and hold its records in order, so that the result is the same but for the last digits of sums of doubles, whose tree of
/// partial sums is another.
/// </summary>
public static class PartitionSplit
{
    /// <summary>Splits of a split: at most so deep, which is 256 pieces of one partition.</summary>
    public const int MaxDepth = 8;

    /// <summary>
    /// Whether halves of a stage's partition do the work of the whole: it reads a slice of a dataset or a range of targets. Where
    /// the query asks for the number of its partition they do not, since halves take numbers after all others; nor where it puts
    /// the rows of a slice in order.
    /// </summary>
    public static bool IsPossible(StagePlan stage, PartitionRecord partition)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(partition);
        return stage is { Kind: TaskKind.Query, IsWhole: false }
            && !stage.Query.Contains($"{TaskSpec.PartitionFunction}()", StringComparison.Ordinal)
            && partition.Order.Count(character => character == '.') < MaxDepth
            && stage.Inputs.FirstOrDefault(input => input.Mode != InputMode.All) is { Mode: InputMode.Target }
            or { Mode: InputMode.Partition, Dataset: not null };
    }

    /// <summary>
    /// The text slice that has to be cut at a record's start, which only a reader finds; null when no reading is needed.
    /// </summary>
    public static FileSlice? SliceToAlign(PartitionWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return work.Slices is [{ Unit: SliceUnit.Bytes, File: { Splittable: true, Compression: SourceCompression.None } } slice]
            && slice.End - slice.Start > 1 ? slice : null;
    }

    /// <summary>The two halves; null when there is nothing to halve: one record, one stream, one target.</summary>
    /// <param name="work">The partition.</param>
    /// <param name="aligned">Ranges of whole records of <see cref="SliceToAlign"/>, where that asked for them.</param>
    public static IReadOnlyList<PartitionWork>? Halve(PartitionWork work, IReadOnlyList<AlignedRange> aligned)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(aligned);
        return work switch
        {
            { Slices: { Count: > 1 } slices } => HalveList(work, slices),
            { Slices: [{ Unit: SliceUnit.Rows } slice] } when slice.End - slice.Start > 1 => HalveRows(work, slice),
            { Slices: [var slice] } when aligned.Count == 2 => [.. aligned.Select(range => Part(
                work, [slice with { Start = range.Start, End = range.End, Rows = range.Rows, FirstLine = range.FirstLine }],
                (range.End - range.Start) / (double)(slice.End - slice.Start)))],
            { Slices: null, TargetCount: > 1 } => HalveTargets(work),
            _ => null,
        };
    }

    private static IReadOnlyList<PartitionWork> HalveList(PartitionWork work, IReadOnlyList<FileSlice> slices)
    {
        var total = slices.Sum(slice => slice.End - slice.Start);
        var (first, bytes) = (1, slices[0].End - slices[0].Start);
        while (first < slices.Count - 1 && bytes + slices[first].End - slices[first].Start <= total / 2)
        {
            bytes += slices[first].End - slices[first].Start;
            first++;
        }

        var share = total == 0 ? 0.5 : bytes / (double)total;
        return [Part(work, [.. slices.Take(first)], share), Part(work, [.. slices.Skip(first)], 1 - share)];
    }

    private static IReadOnlyList<PartitionWork> HalveRows(PartitionWork work, FileSlice slice)
    {
        var middle = slice.Start + ((slice.End - slice.Start) / 2);
        return
        [
            Part(work, [slice with { End = middle, Rows = middle - slice.Start }], 0.5),
            Part(work, [slice with { Start = middle, Rows = slice.End - middle }], 0.5),
        ];
    }

    private static IReadOnlyList<PartitionWork> HalveTargets(PartitionWork work)
    {
        var first = work.TargetCount / 2;
        var share = first / (double)work.TargetCount;
        return
        [
            Part(work, null, share) with { TargetCount = first },
            Part(work, null, 1 - share) with { FirstTarget = work.FirstTarget + first, TargetCount = work.TargetCount - first },
        ];
    }

    private static PartitionWork Part(PartitionWork work, IReadOnlyList<FileSlice>? slices, double share) => work with
    {
        Slices = slices,
        Bytes = (long)(work.Bytes * share),
        EstimatedRows = slices is not null && slices.All(slice => slice.Rows is not null)
            ? slices.Sum(slice => slice.Rows!.Value)
            : (long)(work.EstimatedRows * share),
    };
}
