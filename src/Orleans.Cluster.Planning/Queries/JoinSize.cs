using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// How many rows a join gives, from upper bounds of distinct values: no column has more of them than its table has rows, and
/// columns that a join makes equal have no more than the one with the fewest. Only speed depends on it.
/// </summary>
internal static class JoinSize
{
    /// <summary>Rows and bytes of a join.</summary>
    public static SizeEstimate Of(
        JoinType kind, Relation left, Relation right, IReadOnlyList<JoinKey> keys, IReadOnlyList<ColumnSchema> columns)
    {
        var matches = Rows(left, right, [.. keys.Select(key => (key.LeftColumn, key.RightColumn))]);
        var rows = kind switch
        {
            JoinType.Inner => matches,
            JoinType.Left => Math.Max(left.Size.Rows, matches),
            JoinType.Full => Math.Max(left.Size.Rows + right.Size.Rows, matches),
            _ => left.Size.Rows * 0.5,
        };
        var bytes = Bytes(left, columns) / Math.Max(1, left.Size.Rows) + Bytes(right, columns) / Math.Max(1, right.Size.Rows);
        return new SizeEstimate(rows, (long)(rows * bytes));
    }

    /// <summary>Rows of two relations that match in all pairs of columns.</summary>
    public static double Rows(Relation left, Relation right, IReadOnlyList<(string? Left, string? Right)> keys)
    {
        var values = keys.Aggregate(
            1.0, (product, key) => product * Math.Max(1, Math.Min(left.DistinctOf(key.Left), right.DistinctOf(key.Right))));

        // Several keys together have no more values than the smaller table has rows.
        var divisor = keys.Count > 1 ? Math.Min(values, Math.Min(Largest(left), Largest(right))) : values;
        return left.Size.Rows * right.Size.Rows / Math.Max(1, divisor);
    }

    /// <summary>Bytes of those columns that a relation has.</summary>
    public static long Bytes(Relation relation, IReadOnlyList<ColumnSchema> columns)
    {
        var names = columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var all = SizeEstimate.OfRows(1000, relation.Columns, 16).Bytes;
        var some = SizeEstimate.OfRows(1000, relation.Columns.Where(column => names.Contains(column.Name)), 16).Bytes;
        return (long)((double)relation.Size.Bytes * some / Math.Max(1, all));
    }

    /// <summary>Distinct values of the columns of a join.</summary>
    public static IReadOnlyDictionary<string, double> Distinct(Relation left, Relation right, IReadOnlyList<JoinKey> keys)
    {
        var distinct = new Dictionary<string, double>(left.Distinct, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, count) in right.Distinct)
        {
            distinct[name] = count;
        }

        foreach (var key in keys.Where(key => key is { LeftColumn: not null, RightColumn: not null }))
        {
            distinct[key.LeftColumn!] = distinct[key.RightColumn!] = Math.Min(
                left.DistinctOf(key.LeftColumn), right.DistinctOf(key.RightColumn));
        }

        return distinct;
    }

    private static double Largest(Relation relation) =>
        Math.Max(relation.Size.Rows, relation.Distinct.Values.DefaultIfEmpty(0).Max());
}
