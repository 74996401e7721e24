using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Partitioning;

/// <summary>
/// Packs the row groups that a query needs into partitions. They keep the order of the data, and none is larger than the largest
/// was before: where few row groups are needed, few partitions are left.
/// </summary>
internal static class RowGroupPruning
{
    /// <summary>The dataset without the row groups that are not needed; the same one when all are.</summary>
    /// <param name="dataset">A dataset whose slices are rows of whole row groups.</param>
    /// <param name="judged">What is needed of its files.</param>
    public static PlannedDataset Apply(PlannedDataset dataset, JudgedRowGroups judged)
    {
        if (judged.Files.Count == 0)
        {
            return dataset;
        }

        var files = judged.Files.ToDictionary(file => file.Path, file => file.Groups, StringComparer.Ordinal);
        var pieces = dataset.Partitions.SelectMany(partition => Pieces(partition, files)).ToList();
        var partitions = Pack(pieces.Where(piece => piece.IsNeeded), dataset.Partitions.Max(partition => partition.Bytes));
        var spared = pieces.Where(piece => !piece.IsNeeded).ToList();
        var sparedBytes = spared.Sum(piece => piece.Bytes);
        var ofFiles = pieces.DistinctBy(piece => piece.Slice.File.Stamp.Path).Count();
        var before = dataset.Pruned ?? new PrunedFiles(0, ofFiles, 0);
        return dataset with
        {
            Partitions = partitions,
            TotalBytes = Math.Max(0, dataset.TotalBytes - sparedBytes),
            InflatedBytes = Math.Max(0, dataset.InflatedBytes - sparedBytes),
            EstimatedRows = partitions.Sum(partition => partition.EstimatedRows),
            Pruned = before with
            {
                Files = before.Files + judged.Files.Count(file => !file.Groups.Any(group => group.IsNeeded)),
                Bytes = before.Bytes + sparedBytes,
                RowGroups = spared.Count,
                OfRowGroups = judged.RowGroups,
            },
        };
    }

    // Row groups of the files that were judged, and other slices as they are. A partition says how many bytes it has, not which
    // of its slices has how many: those that were not judged share what the others leave.
    private static List<Piece> Pieces(DataPartition partition, Dictionary<string, IReadOnlyList<JudgedRowGroup>> files)
    {
        var pieces = new List<Piece>();
        foreach (var slice in partition.Slices)
        {
            if (!files.TryGetValue(slice.File.Stamp.Path, out var groups))
            {
                pieces.Add(new Piece(slice, null, true));
                continue;
            }

            long start = 0;
            foreach (var group in groups)
            {
                if (start >= slice.Start && start < slice.End)
                {
                    var part = slice with { Start = start, End = start + group.Rows, Rows = group.Rows };
                    pieces.Add(new Piece(part, group.Bytes, group.IsNeeded));
                }

                start += group.Rows;
            }
        }

        var rows = Math.Max(1, pieces.Where(piece => piece.KnownBytes is null).Sum(piece => piece.Rows));
        var bytes = Math.Max(0, partition.Bytes - pieces.Sum(piece => piece.Bytes));
        return pieces.ConvertAll(
            piece => piece.KnownBytes is null ? piece with { KnownBytes = (long)(bytes * (piece.Rows / (double)rows)) } : piece);
    }

    private static List<DataPartition> Pack(IEnumerable<Piece> pieces, long largest)
    {
        var packs = new List<List<Piece>>();
        long held = 0;
        foreach (var piece in pieces)
        {
            if (packs.Count == 0 || held + piece.Bytes > largest)
            {
                packs.Add([]);
                held = 0;
            }

            packs[^1].Add(piece);
            held += piece.Bytes;
        }

        return
        [
            .. packs.Select((pack, index) => new DataPartition
            {
                Index = index,
                Slices = Join(pack.Select(piece => piece.Slice)),
                Bytes = pack.Sum(piece => piece.Bytes),
                EstimatedRows = pack.Sum(piece => piece.Rows),
            }),
        ];
    }

    /// <summary>Makes one slice of those that follow each other.</summary>
    internal static List<FileSlice> Join(IEnumerable<FileSlice> parts)
    {
        var slices = new List<FileSlice>();
        foreach (var part in parts)
        {
            if (slices is [.., { } last] && last.End == part.Start && last.File.Stamp == part.File.Stamp)
            {
                slices[^1] = last with { End = part.End, Rows = last.Rows + part.Rows };
            }
            else
            {
                slices.Add(part);
            }
        }

        return slices;
    }

    private sealed record Piece(FileSlice Slice, long? KnownBytes, bool IsNeeded)
    {
        public long Bytes => KnownBytes ?? 0;

        public long Rows => Slice.End - Slice.Start;
    }
}
