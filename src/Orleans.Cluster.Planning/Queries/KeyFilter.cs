using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Rows of one side of a join are dropped before they are written when their key is not among those of the other side. The
/// decision follows from estimates: it pays where few rows are kept, and these are spared many bytes for few keys.
/// </summary>
/// <param name="Source">Where the keys are.</param>
/// <param name="Column">The column that is looked up.</param>
/// <param name="Share">Rows that are kept, of 1.</param>
internal sealed record KeyFilter(KeySource Source, string Column, double Share)
{
    // A key is read and put into a table by each task, which costs about what it costs to write and read it twice.
    private const int KeyCost = 2;

    // Of keys that are there, a stage waits for the one that wrote them, and no stage is added.
    private const int WaitPart = 4;

    /// <summary>Of a query: the result column that is looked up, by its place.</summary>
    public int Item { get; init; }

    /// <summary>Whether rows of the right side that match nothing on the left are not needed.</summary>
    public static bool MayDropRight(JoinType kind) => kind is JoinType.Inner or JoinType.Left or JoinType.Semi or JoinType.Anti;

    /// <summary>Whether rows of the left side that match nothing on the right are not needed.</summary>
    public static bool MayDropLeft(JoinType kind) => kind is JoinType.Inner or JoinType.Semi;

    /// <summary>The filters that a join allows by its pairs of columns that must be equal.</summary>
    /// <param name="kept">The side whose keys are looked for.</param>
    /// <param name="dropped">The side whose rows are dropped.</param>
    /// <param name="pairs">Columns of both.</param>
    /// <param name="mayWrite">Whether the keys may be those of rows that are no stage yet.</param>
    public static IEnumerable<KeyFilter> Of(
        Relation kept, Relation dropped, IEnumerable<(string Kept, string Dropped)> pairs, bool mayWrite) =>
        from pair in pairs
        let has = dropped.Columns.FirstOrDefault(column => Scope.Same(column.Name, pair.Dropped))
        from source in Sources(kept, pair.Kept, mayWrite)
        where has is not null && KeySource.AreComparable(source.Type, has.Type)
        select new KeyFilter(source, has.Name, ShareOf(source, dropped.DistinctOf(has.Name)));

    /// <summary>The filter that keeps the fewest rows of those that pay; null when none does.</summary>
    /// <param name="limits">Sizes that decide.</param>
    /// <param name="filters">What is possible.</param>
    /// <param name="writtenBytes">Bytes that are written without a filter.</param>
    /// <param name="readers">Tasks that read the keys.</param>
    public static KeyFilter? Best(PlanLimits limits, IEnumerable<KeyFilter> filters, long writtenBytes, int readers) =>
        filters.Where(filter => filter.Pays(limits, writtenBytes, readers))
            .OrderBy(filter => filter.Share).ThenBy(filter => filter.Source.Stage is null).FirstOrDefault();

    /// <summary>Bytes that it must spare at least.</summary>
    public long Cost(PlanLimits limits, int readers)
    {
        var read = Math.Min(Source.Bytes, Source.KeyBytes);
        var made = Source.Stage is null || NeedsStage(limits)
            ? limits.SparedBytes + Source.Bytes : limits.SparedBytes / WaitPart;
        return made + (KeyCost * read * readers);
    }

    /// <summary>Whether the rows of the source are too many to be read whole, so that a stage finds their keys first.</summary>
    public bool NeedsStage(PlanLimits limits) => Source.Bytes > limits.KeyBytes;

    /// <summary>The rows that are left, of which the text has been made.</summary>
    public Relation Narrow(Relation filtered) => filtered with
    {
        Size = filtered.Size.Times(Share),
        Distinct = new Dictionary<string, double>(filtered.Distinct, StringComparer.OrdinalIgnoreCase)
        {
            [Column] = Math.Min(filtered.DistinctOf(Column), Source.Keys),
        },
        KeySources = KeySource.Fewest(filtered.KeySources, [KeyValuePair.Create(Column, Source)]),
    };

    /// <summary>What is said of it in the plan.</summary>
    public string Note => string.Create(
        CultureInfo.InvariantCulture,
        $"Only rows whose {Column} is among the keys of stage {Source.Stage?.Index} go on: {Source.Keys:N0} keys, which about "
        + $"{Math.Max(Share, 0.001):P1} of the rows have.");

    /// <summary>The share of rows whose value is among keys, if all values were as frequent.</summary>
    /// <param name="source">The keys.</param>
    /// <param name="values">Values that the rows have.</param>
    public static double ShareOf(KeySource source, double values) =>
        Math.Clamp(source.Keys / Math.Max(1, Math.Min(source.Values, values)), 1e-6, 1);

    private bool Pays(PlanLimits limits, long writtenBytes, int readers) =>
        Share <= limits.KeptShare && Source.KeyBytes <= limits.KeyBytes
        && writtenBytes * (1 - Share) >= Cost(limits, readers);

    private static IEnumerable<KeySource> Sources(Relation kept, string column, bool mayWrite)
    {
        if (kept.KeySources.TryGetValue(column, out var source))
        {
            yield return source;
        }

        if (mayWrite && kept.Columns.FirstOrDefault(known => Scope.Same(known.Name, column)) is { } has)
        {
            yield return KeySource.OfUnwritten(kept, has);
        }
    }
}
