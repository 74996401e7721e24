using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Partitioning;

/// <summary>
/// Packs the row groups of a dataset into partitions that need only be sorted each by itself: bounds of the row groups show that
/// the rows of one partition come before those of the next, whichever they are.
/// </summary>
public static class SortedPartitions
{
    // Row groups that overlap are sorted together; where that makes partitions much larger, an exchange is better.
    private const int MostTimes = 4;

    /// <summary>The dataset with partitions in the order of a key.</summary>
    /// <param name="dataset">A dataset whose slices are rows of whole row groups.</param>
    /// <param name="judged">Bounds of the key in the row groups of all its files.</param>
    /// <param name="direction">How the key is ordered, for example <c>DESC NULLS LAST</c>.</param>
    /// <param name="isOnlyKey">Whether it is the only key, so that neighbours may have a value of it in common.</param>
    /// <param name="wishedRows">Rows that a partition shall have at most, if row groups allow it.</param>
    /// <returns>Null when too many row groups overlap, or when that is not sure.</returns>
    public static PlannedDataset? Of(
        PlannedDataset dataset, JudgedRowGroups judged, string direction, bool isOnlyKey, long wishedRows)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(judged);
        ArgumentNullException.ThrowIfNull(direction);
        var files = judged.Files.ToDictionary(file => file.Path, file => file.Groups, StringComparer.Ordinal);
        var pieces = new List<Piece>();
        foreach (var slice in dataset.Partitions.SelectMany(partition => partition.Slices))
        {
            if (!files.TryGetValue(slice.File.Stamp.Path, out var groups) || !Add(pieces, slice, groups))
            {
                return null;
            }
        }

        var order = new KeyOrder(
            direction.StartsWith("DESC", StringComparison.Ordinal), direction.EndsWith("NULLS FIRST", StringComparison.Ordinal));
        var sorted = pieces.OrderBy(piece => piece.Range, Comparer<KeyRange>.Create(order.Compare)).ToList();
        var packs = Pack(
            sorted, order, isOnlyKey && sorted.SequenceEqual(pieces), wishedRows,
            dataset.Partitions.Max(partition => partition.Bytes));
        return packs.Count > 1 && packs.TrueForAll(pack => pack.Sum(piece => piece.Rows) <= MostTimes * wishedRows)
            ? dataset with { Partitions = [.. packs.Select(Partition)] }
            : null;
    }

    private static List<List<Piece>> Pack(
        List<Piece> sorted, KeyOrder order, bool mayTouch, long wishedRows, long mostBytes)
    {
        var packs = new List<List<Piece>>();
        var (range, rows, bytes) = (KeyRange.Empty, 0L, 0L);
        foreach (var piece in sorted)
        {
            if (packs.Count == 0 || ((rows + piece.Rows > wishedRows || bytes + piece.Bytes > mostBytes)
                && order.Follows(range, piece.Range, mayTouch)))
            {
                packs.Add([]);
                (range, rows, bytes) = (KeyRange.Empty, 0, 0);
            }

            packs[^1].Add(piece);
            (range, rows, bytes) = (range.With(piece.Range), rows + piece.Rows, bytes + piece.Bytes);
        }

        return packs;
    }

    private static DataPartition Partition(List<Piece> pack, int index) => new()
    {
        Index = index,
        Slices = RowGroupPruning.Join(pack.OrderBy(piece => piece.Place).Select(piece => piece.Slice)),
        Bytes = pack.Sum(piece => piece.Bytes),
        EstimatedRows = pack.Sum(piece => piece.Rows),
    };

    // False where not all rows of the slice are those of row groups with bounds.
    private static bool Add(List<Piece> pieces, FileSlice slice, IReadOnlyList<JudgedRowGroup> groups)
    {
        long start = 0, covered = 0;
        foreach (var group in groups)
        {
            var end = start + group.Rows;
            if (start >= slice.Start && end <= slice.End)
            {
                if (group.Bounds is not { } bounds)
                {
                    return false;
                }

                var part = slice with { Start = start, End = end, Rows = group.Rows };
                pieces.Add(new Piece(pieces.Count, part, group.Bytes, new(bounds.Least, bounds.Greatest, bounds.Nulls > 0)));
                covered += group.Rows;
            }

            start = end;
        }

        return covered == slice.End - slice.Start;
    }

    private sealed record Piece(int Place, FileSlice Slice, long Bytes, KeyRange Range)
    {
        public long Rows => Slice.End - Slice.Start;
    }

    // Bounds of values, null where there is none, and whether there is a NULL besides.
    private sealed record KeyRange(string? Least, string? Greatest, bool HasNulls)
    {
        public static readonly KeyRange Empty = new(null, null, false);

        public KeyRange With(KeyRange other) => new(
            Least is null || (other.Least is not null && string.CompareOrdinal(other.Least, Least) < 0) ? other.Least : Least,
            Greatest is null || (other.Greatest is not null && string.CompareOrdinal(other.Greatest, Greatest) > 0)
                ? other.Greatest
                : Greatest,
            HasNulls || other.HasNulls);
    }

    private sealed record KeyOrder(bool IsDescending, bool IsNullsFirst)
    {
        // By what comes first, NULLs or a bound: whatever comes behind a range that follows another follows that one as well.
        public int Compare(KeyRange one, KeyRange other)
        {
            if (Rank(one) != Rank(other) || one.Least is null)
            {
                return Rank(one) - Rank(other);
            }

            var (least, greatest) = (
                string.CompareOrdinal(one.Least, other.Least), string.CompareOrdinal(one.Greatest, other.Greatest));
            return IsDescending ? greatest != 0 ? -greatest : -least : least != 0 ? least : greatest;
        }

        private int Rank(KeyRange range) => range.Least is null ? IsNullsFirst ? -2 : 1 : IsNullsFirst && range.HasNulls ? -1 : 0;

        // Whether all rows of one come before all of the other. NULL is a key as any other, before or behind all values.
        public bool Follows(KeyRange one, KeyRange other, bool mayTouch)
        {
            var isParted = IsNullsFirst ? !other.HasNulls || one.Least is null : !one.HasNulls || other.Least is null;
            if (!isParted || (one.HasNulls && other.HasNulls && !mayTouch))
            {
                return false;
            }

            if (one.Least is null || other.Least is null)
            {
                return true;
            }

            var step = IsDescending
                ? string.CompareOrdinal(other.Greatest, one.Least)
                : string.CompareOrdinal(one.Greatest, other.Least);
            return step < 0 || (step == 0 && mayTouch);
        }
    }
}
