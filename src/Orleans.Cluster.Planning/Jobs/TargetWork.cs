using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// The tasks of a stage that reads exchanges: small neighbouring targets are read by one task, and a target that has far more
/// rows than others is shared out over several where the plan says that this is right.
/// </summary>
internal static class TargetWork
{
    // A task may be so many times as large as the median one before it is shared out.
    private const int SkewFactor = 2;

    /// <summary>
    /// Work of each task, in order of the targets. It follows from committed sizes alone, so that each opening is the same.
    /// </summary>
    public static IReadOnlyList<PartitionWork> Of(
        JobPlan plan, StagePlan stage, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> committed, long coalesceBytes)
    {
        var inputs = stage.Inputs.Where(input => input.Mode == InputMode.Target).ToList();
        var targets = inputs.Max(input => plan.Stages[input.Stage!.Value].Output.Targets);
        var bytes = new long[targets];
        var rows = new long[targets];
        foreach (var part in inputs.SelectMany(input => committed[input.Stage!.Value]).SelectMany(Parts))
        {
            bytes[part.Target] += part.Bytes;
            rows[part.Target] += part.Rows;
        }

        var scale = new RowScale(bytes.Sum(), rows.Sum());
        var work = Coalesce(bytes, rows, coalesceBytes);
        var sizes = work.ConvertAll(item => scale.Of(item.Bytes, item.EstimatedRows));
        var most = SkewFactor * Math.Max(coalesceBytes, Median(sizes));
        return [.. work.Zip(sizes).SelectMany(item => item.Second > most && item.First.TargetCount == 1
            ? Shared(item.First, inputs, committed, scale, most / SkewFactor)
            : [item.First])];
    }

    // Even shares, each of about the least bytes or more: the last of uneven ones would run alone.
    private static List<PartitionWork> Coalesce(long[] bytes, long[] rows, long coalesceBytes)
    {
        var all = bytes.Sum();
        var shares = Math.Clamp(all / Math.Max(1, coalesceBytes), 1, bytes.Length);
        var share = Math.Min(all / shares, 2 * coalesceBytes);
        var work = new List<PartitionWork>();
        var first = 0;
        for (var next = 1; next <= bytes.Length; next++)
        {
            var size = bytes[first..next].Sum();
            if (next == bytes.Length || size + (bytes[next] / 2) > share)
            {
                work.Add(new PartitionWork
                {
                    FirstTarget = first, TargetCount = next - first, Bytes = size, EstimatedRows = rows[first..next].Sum(),
                });
                first = next;
            }
        }

        return work;
    }

    private static long Median(IReadOnlyList<long> sizes) => sizes.Order().ElementAt((sizes.Count - 1) / 2);

    // The rows of the larger side are shared out by the partitions that wrote them; each part meets all rows of the other sides.
    private static IEnumerable<PartitionWork> Shared(
        PartitionWork whole, IReadOnlyList<StageInput> inputs, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> committed,
        RowScale scale, long partBytes)
    {
        var shared = inputs.Where(input => input.MaySplit)
            .Select(input => (input.Name, Parts: Written(committed[input.Stage!.Value], whole.FirstTarget, scale)))
            .OrderByDescending(side => side.Parts.Sum(part => part.Size)).FirstOrDefault();
        if (shared.Parts is null or { Count: < 2 })
        {
            return [whole];
        }

        var pieces = new List<List<(int Partition, long Size, long Bytes, long Rows)>>();
        foreach (var part in shared.Parts)
        {
            if (pieces.Count == 0 || pieces[^1].Sum(other => other.Size) + part.Size > partBytes)
            {
                pieces.Add([]);
            }

            pieces[^1].Add(part);
        }

        var otherBytes = whole.Bytes - shared.Parts.Sum(part => part.Bytes);
        var otherRows = whole.EstimatedRows - shared.Parts.Sum(part => part.Rows);
        return pieces.Count == 1 ? [whole] : pieces.Select(piece => whole with
        {
            SharedInput = shared.Name,
            SharedPartitions = [.. piece.Select(part => part.Partition)],
            Bytes = otherBytes + piece.Sum(part => part.Bytes),
            EstimatedRows = otherRows + piece.Sum(part => part.Rows),
        });
    }

    private static List<(int Partition, long Size, long Bytes, long Rows)> Written(
        IReadOnlyList<PartitionRecord> partitions, int target, RowScale scale) =>
    [
        .. from partition in partitions
           where partition.Manifest is not null
           let parts = Parts(partition).Where(part => part.Target == target).ToList()
           where parts.Count > 0
           let bytes = parts.Sum(part => part.Bytes)
           let rows = parts.Sum(part => part.Rows)
           select (partition.Task.Partition, scale.Of(bytes, rows), bytes, rows),
    ];

    private static IEnumerable<ExchangePart> Parts(PartitionRecord partition) =>
        StageOpener.Files(partition).SelectMany(file => file.Parts());

    /// <summary>
    /// Sizes that rows count for too: one key over and over takes hardly any bytes, but its rows take as long as others.
    /// </summary>
    private readonly record struct RowScale(long AllBytes, long AllRows)
    {
        public long Of(long bytes, long rows) => Math.Max(bytes, (long)((double)rows / Math.Max(1, AllRows) * AllBytes));
    }
}
