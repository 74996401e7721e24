using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// A stage whose rows have every value of a column, NULL left out: what is not among them cannot be equal to any. Where rows are
/// still to be written, the stage is null and the sizes are those that it will have.
/// </summary>
/// <param name="Stage">The stage.</param>
/// <param name="Mode">How a task reads a part of it.</param>
/// <param name="Column">The column in the stage.</param>
/// <param name="Type">Its type in a query.</param>
/// <param name="Rows">Rows of the stage, estimated.</param>
/// <param name="Values">Values that the column's table has, before any condition: an upper bound.</param>
/// <param name="Bytes">Bytes of the stage's rows.</param>
internal sealed record KeySource(
    StageHandle? Stage, InputMode Mode, string Column, string Type, double Rows, double Values, long Bytes)
{
    private const double TextWidth = 16;

    /// <summary>Different values.</summary>
    public double Keys => Math.Max(1, Math.Min(Rows, Values));

    /// <summary>Bytes of the different values.</summary>
    public long KeyBytes => (long)(Keys * StoredTypes.Width(Type, TextWidth));

    /// <summary>The sources of all columns of a stage as it is read.</summary>
    public static IReadOnlyDictionary<string, KeySource> Of(StageHandle stage, InputMode mode) => stage.Columns.ToDictionary(
        column => column.Name, column => new KeySource(
            stage, (mode, stage.IsOneTask) is (InputMode.All, false) ? InputMode.Partition : mode, column.Name, column.Type,
            stage.Size.Rows, stage.Distinct.GetValueOrDefault(column.Name, stage.Size.Rows), stage.Size.Bytes),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What a column's source would be if the rows were written.</summary>
    public static KeySource OfUnwritten(Relation rows, ColumnSchema column) => new(
        null, InputMode.All, column.Name, column.Type, rows.Size.Rows, rows.DistinctOf(column.Name), rows.Size.Bytes);

    /// <summary>The sources of both, of a column that both have the one with fewer keys.</summary>
    public static IReadOnlyDictionary<string, KeySource> Fewest(
        IReadOnlyDictionary<string, KeySource> some, IEnumerable<KeyValuePair<string, KeySource>> more)
    {
        var all = new Dictionary<string, KeySource>(some, StringComparer.OrdinalIgnoreCase);
        foreach (var (column, source) in more)
        {
            all[column] = all.TryGetValue(column, out var known) && (known.Keys, known.Bytes).CompareTo(
                (source.Keys, source.Bytes)) <= 0 ? known : source;
        }

        return all;
    }

    /// <summary>Sources of the columns of a join, of which equal keys have each other's where both must be there.</summary>
    public static IReadOnlyDictionary<string, KeySource> OfJoin(
        JoinType kind, Relation left, Relation right, IReadOnlyList<JoinKey> keys)
    {
        var all = Fewest(OfColumns(left), OfColumns(right));
        if (kind is not (JoinType.Inner or JoinType.Semi))
        {
            return all;
        }

        var equal = keys.Where(key => key is { LeftColumn: not null, RightColumn: not null })
            .Select(key => (Left: key.LeftColumn!, Right: key.RightColumn!)).ToList();
        return Fewest(all, [
            .. equal.SelectMany(pair => Of(all, pair.Left, pair.Right, left)),
            .. equal.SelectMany(pair => Of(all, pair.Right, pair.Left, right)),
        ]);
    }

    /// <summary>
    /// Whether values of two types are equal in a lookup just when they are in a join: of one type that files keep as it is, or
    /// whole numbers.
    /// </summary>
    public static bool AreComparable(string one, string other) => (one == other && IsSimple(one))
        || (StoredTypes.IsInteger(one) && StoredTypes.IsInteger(other));

    private static bool IsSimple(string type) => StoredTypes.IsNumeric(type) || type is "VARCHAR" or "DATE" or "TIMESTAMP"
        or "TIMESTAMP WITH TIME ZONE" or "BOOLEAN" or "UUID";

    private static Dictionary<string, KeySource> OfColumns(Relation rows)
    {
        var names = rows.Names;
        return rows.KeySources.Where(pair => names.Contains(pair.Key))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
    }

    // What is in one of two equal columns is among the values of the other.
    private static IEnumerable<KeyValuePair<string, KeySource>> Of(
        IReadOnlyDictionary<string, KeySource> all, string column, string equal, Relation owner) =>
        all.TryGetValue(equal, out var source) && owner.Columns.FirstOrDefault(known => Scope.Same(known.Name, column)) is { } has
        && AreComparable(has.Type, source.Type)
            ? [KeyValuePair.Create(column, source)]
            : [];
}
