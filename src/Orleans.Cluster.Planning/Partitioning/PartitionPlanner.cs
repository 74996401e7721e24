using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Partitioning;

/// <summary>
/// Splits a dataset by the data and the spec alone, never by what happens to be idle, so that the same job always has the same
/// partitions. Two steps, since only a reader can tell where records begin: <see cref="PlanCuts"/> wishes for cuts,
/// <see cref="Plan"/> packs the ranges that came of them.
/// </summary>
public static class PartitionPlanner
{
    private const int SkewFactor = 4;
    private const int ManyFiles = 100;
    private const int TinyPart = 100;

    // Whatever target is asked for: each partition is a row, a task and a file, and what is much larger than this no cluster is
    // the better for.
    private const int MostPartitions = 100_000;

    /// <summary>Wanted cuts by the number of their file, for text files that are larger than one partition.</summary>
    /// <returns>Byte offsets inside (DataStart, Bytes), rising; files that stay whole are left out.</returns>
    public static IReadOnlyDictionary<int, IReadOnlyList<long>> PlanCuts(DatasetProbe probe, PartitioningSpec partitioning)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(partitioning);
        var piece = PieceBytes(probe, partitioning);
        var cuts = new Dictionary<int, IReadOnlyList<long>>();
        foreach (var (file, index) in probe.Files.Select((file, index) => (file, index)))
        {
            var start = StartOf(file);
            var bytes = file.Stamp.Bytes - start;
            if (probe.Format != SourceFormat.Parquet && file.Splittable && bytes > piece)
            {
                var count = (bytes + piece - 1) / piece;
                cuts[index] =
                    [.. Enumerable.Range(1, (int)count - 1).Select(i => start + (long)(bytes * (Int128)i / count)).Distinct()];
            }
        }

        if (HasTail(probe, partitioning) && cuts.TryGetValue(probe.Files.Count - 1, out var last))
        {
            cuts[probe.Files.Count - 1] = [.. last, PartitionTail.Middle(last[^1], probe.Files[^1].Stamp.Bytes)];
        }

        return cuts;
    }

    /// <summary>The dataset as a plan reads it, and what a user should know of it.</summary>
    /// <param name="probe">The dataset as found.</param>
    /// <param name="ranges">Ranges of whole records of the files that were cut, by the number of their file.</param>
    /// <param name="partitioning">The user's wishes.</param>
    /// <returns>
    /// Partitions whose slices cover each record of each file exactly once, in order; none when every file is empty.
    /// </returns>
    public static (PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings) Plan(
        DatasetProbe probe, IReadOnlyDictionary<int, IReadOnlyList<AlignedRange>> ranges, PartitioningSpec partitioning)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(ranges);
        ArgumentNullException.ThrowIfNull(partitioning);
        var piece = PieceBytes(probe, partitioning);
        var hasTail = HasTail(probe, partitioning);
        var slices = probe.Files.SelectMany((file, index) => Slices(
            probe.Format, file, ranges.GetValueOrDefault(index), piece, hasTail && index == probe.Files.Count - 1)).ToList();
        var partitions = Pack(slices, piece, hasTail);
        var dataset = new PlannedDataset
        {
            Format = probe.Format,
            Dialect = probe.Dialect,
            Json = probe.Json,
            Columns = probe.Columns,
            DeclaredColumns = probe.DeclaredColumns,
            Partitions = partitions,
            TotalBytes = probe.Files.Sum(file => file.Stamp.Bytes),
            EstimatedRows = partitions.Sum(partition => partition.EstimatedRows),
            PieceBytes = StreamPieceBytes(probe, partitioning, piece),
            InflatedBytes = probe.Files.Sum(file => Math.Max(file.Stamp.Bytes, file.UncompressedBytes)),
        };
        return (dataset, [.. probe.Warnings, .. TooFine(probe, partitioning, piece), .. Warnings(probe, dataset, piece)]);
    }

    // A stream that is larger than a partition keeps one task busy for long: it is cut into pieces first. Those are of text, so
    // that they have the size of partitions of plain text, unless another number of partitions is wished for.
    private static long? StreamPieceBytes(DatasetProbe probe, PartitioningSpec partitioning, long piece)
    {
        var streams = probe.Files.Where(file => !file.Splittable && file.Stamp.Bytes > piece).ToList();
        if (streams.Count == 0)
        {
            return null;
        }

        var ratio = streams.Sum(file => (double)Math.Max(file.UncompressedBytes, file.Stamp.Bytes))
            / streams.Sum(file => (double)file.Stamp.Bytes);
        return piece == partitioning.TargetBytes ? piece : Math.Max(1, (long)(piece * ratio));
    }

    private static bool HasTail(DatasetProbe probe, PartitioningSpec partitioning) => partitioning.MaxPartitions is null
        && PartitionTail.IsWorthIt(probe.Files.Sum(file => file.Stamp.Bytes - StartOf(file)), PieceBytes(probe, partitioning));

    // The target, or what the wished number of partitions makes of it. Rounded up, so that n pieces are enough.
    private static long PieceBytes(DatasetProbe probe, PartitioningSpec partitioning)
    {
        var total = probe.Files.Sum(file => file.Stamp.Bytes - StartOf(file));
        var piece = Math.Max(1, partitioning.TargetBytes);
        if (partitioning.MinPartitions is { } least && least > 0)
        {
            piece = Math.Min(piece, Math.Max(1, (total + least - 1) / least));
        }

        if (partitioning.MaxPartitions is { } most && most > 0)
        {
            piece = Math.Max(piece, (total + most - 1) / most);
        }

        return Math.Max(piece, LeastPiece(total));
    }

    private static long LeastPiece(long total) => (total + MostPartitions - 1) / MostPartitions;

    private static IEnumerable<(FileSlice Slice, long Bytes, long Rows)> Slices(
        SourceFormat format, SourceFile file, IReadOnlyList<AlignedRange>? ranges, long piece, bool isTail)
    {
        // Row groups have done their work here; in every slice of every partition they would make plans large.
        var bare = file with { RowGroups = null };
        if (format == SourceFormat.Parquet)
        {
            return RowRanges(file, bare, piece, isTail);
        }

        if (ranges is not null)
        {
            return ranges.Select(range => (
                new FileSlice
                {
                    File = bare, Start = range.Start, End = range.End, Rows = range.Rows, FirstLine = range.FirstLine,
                    Inflated = range.Inflated,
                },
                range.End - range.Start,
                range.Rows ?? Share(file, range.End - range.Start)));
        }

        var start = StartOf(file);
        return file.Stamp.Bytes > start
            ? [(new FileSlice { File = bare, Start = start, End = file.Stamp.Bytes, FirstLine = file.FirstLine },
                file.Stamp.Bytes - start, file.EstimatedRows)]
            : [];
    }

    // Where the records of a file begin, as far as a byte of the stored file can say: DataStart counts bytes of text.
    private static long StartOf(SourceFile file) =>
        file is { Splittable: true, Compression: SourceCompression.None } ? Math.Min(file.DataStart, file.Stamp.Bytes) : 0;

    private static IEnumerable<(FileSlice Slice, long Bytes, long Rows)> RowRanges(
        SourceFile file, SourceFile bare, long piece, bool isTail)
    {
        var ranges = GroupRanges(file.RowGroups ?? [new RowGroup(file.RowCount ?? 0, file.Stamp.Bytes)], piece);
        if (isTail && ranges is [.., { } last])
        {
            ranges = [.. ranges[..^1], .. GroupRanges(last.Groups, (last.Bytes + 1) / 2)];
        }

        long start = 0;
        foreach (var (groups, bytes, rows) in ranges)
        {
            yield return (Rows(bare, start, rows), bytes, rows);
            start += rows;
        }
    }

    // Whole row groups up to the size of a piece; a larger group is one piece of its own.
    private static List<(List<RowGroup> Groups, long Bytes, long Rows)> GroupRanges(IEnumerable<RowGroup> groups, long piece)
    {
        var ranges = new List<(List<RowGroup> Groups, long Bytes, long Rows)>();
        foreach (var group in groups)
        {
            if (ranges is [.., var (held, bytes, rows)] && (rows == 0 || bytes + group.Bytes <= piece))
            {
                held.Add(group);
                ranges[^1] = (held, bytes + group.Bytes, rows + group.Rows);
            }
            else
            {
                ranges.Add(([group], group.Bytes, group.Rows));
            }
        }

        return [.. ranges.Where(range => range.Rows > 0)];
    }

    private static FileSlice Rows(SourceFile file, long start, long count) =>
        new() { File = file, Start = start, End = start + count, Unit = SliceUnit.Rows, Rows = count };

    private static long Share(SourceFile file, long bytes) =>
        file.Stamp.Bytes == 0 ? 0 : (long)(file.EstimatedRows * (bytes / (double)file.Stamp.Bytes));

    // Neighbours join while they fit, so that many small files make few partitions and the order of the data stays.
    private static List<DataPartition> Pack(List<(FileSlice Slice, long Bytes, long Rows)> slices, long piece, bool hasTail)
    {
        var packs = new List<List<(FileSlice Slice, long Bytes, long Rows)>>();
        long held = 0;
        foreach (var slice in slices)
        {
            if (packs.Count == 0 || held + slice.Bytes > piece)
            {
                packs.Add([]);
                held = 0;
            }

            packs[^1].Add(slice);
            held += slice.Bytes;
        }

        if (hasTail)
        {
            PartitionTail.Halve(packs, slice => slice.Bytes);
        }

        return
        [
            .. packs.Select((pack, index) => new DataPartition
            {
                Index = index,
                Slices = [.. pack.Select(item => item.Slice)],
                Bytes = pack.Sum(item => item.Bytes),
                EstimatedRows = pack.Sum(item => item.Rows),
            }),
        ];
    }

    private static IEnumerable<PlanWarning> TooFine(DatasetProbe probe, PartitioningSpec partitioning, long piece) =>
        piece > partitioning.TargetBytes && piece == LeastPiece(probe.Files.Sum(file => file.Stamp.Bytes - StartOf(file)))
            ? [new PlanWarning(
                "target-raised",
                $"At {partitioning.TargetBytes} bytes each there would be more than {MostPartitions} partitions: they have "
                + $"{piece} bytes instead.")]
            : [];

    private static List<PlanWarning> Warnings(DatasetProbe probe, PlannedDataset dataset, long piece)
    {
        var warnings = new List<PlanWarning>();
        var partitions = dataset.Partitions;
        if (dataset.PieceBytes is { } bytes)
        {
            var largest = probe.Files.Where(file => !file.Splittable).MaxBy(file => file.Stamp.Bytes)!;
            warnings.Add(new PlanWarning(
                "stream",
                $"{largest.Stamp.Path} is one stream: a first stage cuts it into pieces of {bytes} bytes, so that the rest runs "
                + "in parallel."));
        }
        else if (partitions.Count > 1 && partitions.MaxBy(partition => partition.Bytes) is { } largest
            && largest.Bytes > SkewFactor * partitions.Average(partition => (double)partition.Bytes))
        {
            warnings.Add(new PlanWarning(
                "skew", $"Partition {largest.Index} ({largest.Slices[0].File.Stamp.Path}) has {largest.Bytes} bytes, more than "
                + $"{SkewFactor} times the mean. "
                + "Its task will take as much longer than the others."));
        }

        if (probe.Files.Count >= ManyFiles && dataset.TotalBytes / probe.Files.Count < piece / TinyPart)
        {
            warnings.Add(new PlanWarning(
                "tiny-files",
                $"{probe.Files.Count} files have {dataset.TotalBytes / probe.Files.Count} bytes on average. They are read "
                + "together, "
                + "but opening each takes longer than reading it: fewer, larger files are faster."));
        }

        return warnings;
    }
}
