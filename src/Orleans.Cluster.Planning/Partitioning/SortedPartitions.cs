using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Partitioning;

/// <summary>
/// Partitions that need only be sorted each by itself: bounds of their row groups show that the rows of one come before those of
/// the next, whichever they are.
/// </summary>
public static class SortedPartitions
{
    /// <summary>The partitions in the order of a key.</summary>
    /// <param name="dataset">A dataset whose slices are rows of whole row groups.</param>
    /// <param name="judged">Bounds of the key in the row groups of all its files.</param>
    /// <param name="direction">How the key is ordered, for example <c>DESC NULLS LAST</c>.</param>
    /// <param name="isOnlyKey">Whether it is the only key, so that neighbours may have a value of it in common.</param>
    /// <returns>Numbers of partitions, each once; null when they overlap, or when that is not sure.</returns>
    public static IReadOnlyList<int>? Of(PlannedDataset dataset, JudgedRowGroups judged, string direction, bool isOnlyKey)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(judged);
        ArgumentNullException.ThrowIfNull(direction);
        var (isDescending, isNullsFirst) = (direction.StartsWith("DESC", StringComparison.Ordinal),
            direction.EndsWith("NULLS FIRST", StringComparison.Ordinal));
        var files = judged.Files.ToDictionary(file => file.Path, file => file.Groups, StringComparer.Ordinal);
        var bounds = new List<Range>();
        foreach (var partition in dataset.Partitions)
        {
            if (BoundsOf(partition, files) is not { } found)
            {
                return null;
            }

            bounds.Add(found);
        }

        var comparer = Comparer<Range>.Create((one, other) => Compare(one, other, isDescending, isNullsFirst));
        var order = Enumerable.Range(0, bounds.Count).OrderBy(place => bounds[place], comparer).ToList();
        var isAsTheyAre = order.SequenceEqual(Enumerable.Range(0, order.Count));
        return order.Zip(order.Skip(1)).All(pair => Follows(
            bounds[pair.First], bounds[pair.Second], isDescending, isNullsFirst, mayTouch: isOnlyKey && isAsTheyAre))
            ? order
            : null;
    }

    private static int Compare(Range one, Range other, bool isDescending, bool isNullsFirst)
    {
        if (one.Least is null || other.Least is null)
        {
            var comesLast = (one.Least is null ? 1 : 0) - (other.Least is null ? 1 : 0);
            return isNullsFirst ? -comesLast : comesLast;
        }

        var least = string.CompareOrdinal(one.Least, other.Least);
        var rises = least != 0 ? least : string.CompareOrdinal(one.Greatest, other.Greatest);
        return isDescending ? -rises : rises;
    }

    // NULL is a key as any other, before or behind all values.
    private static bool Follows(Range one, Range other, bool isDescending, bool isNullsFirst, bool mayTouch)
    {
        if ((one.HasNulls && other.HasNulls && !mayTouch) || (isNullsFirst ? other.HasNulls && one.Least is not null
            : one.HasNulls && other.Least is not null))
        {
            return false;
        }

        if (one.Least is null || other.Least is null)
        {
            return true;
        }

        var step = isDescending
            ? string.CompareOrdinal(other.Greatest, one.Least)
            : string.CompareOrdinal(one.Greatest, other.Least);
        return step < 0 || (step == 0 && mayTouch);
    }

    // Null where not all of its rows are those of row groups with bounds.
    private static Range? BoundsOf(DataPartition partition, Dictionary<string, IReadOnlyList<JudgedRowGroup>> files)
    {
        var all = new Range(null, null, false);
        foreach (var slice in partition.Slices)
        {
            if (!files.TryGetValue(slice.File.Stamp.Path, out var groups))
            {
                return null;
            }

            long start = 0, covered = 0;
            foreach (var group in groups)
            {
                if (start >= slice.Start && start + group.Rows <= slice.End)
                {
                    if (group.Bounds is not { } bounds)
                    {
                        return null;
                    }

                    all = all.With(bounds);
                    covered += group.Rows;
                }

                start += group.Rows;
            }

            if (covered != slice.End - slice.Start)
            {
                return null;
            }
        }

        return all;
    }

    private sealed record Range(string? Least, string? Greatest, bool HasNulls)
    {
        public Range With(RowGroupBounds bounds) => new(
            Least is null || (bounds.Least is not null && string.CompareOrdinal(bounds.Least, Least) < 0) ? bounds.Least : Least,
            Greatest is null || (bounds.Greatest is not null && string.CompareOrdinal(bounds.Greatest, Greatest) > 0)
                ? bounds.Greatest
                : Greatest,
            HasNulls || bounds.Nulls > 0);
    }
}
