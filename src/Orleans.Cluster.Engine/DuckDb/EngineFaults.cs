using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Rules of the engine's optimizer by which queries get other rows than they mean, in the version in use, and a join that ends
/// the process; they are switched off. Each has its query in EngineFaultTests, which says of a rule when a later version has
/// mended it.
/// </summary>
internal static partial class EngineFaults
{
    /// <summary>
    /// Always: a join is left out though UNNEST has multiplied the rows that were distinct; of two arms of a UNION ALL that share
    /// a join one gets the other's rows.
    /// </summary>
    private const string Always = "join_elimination,common_subplan";

    /// <summary>
    /// Where rows are chosen: what one side of a join has is asked of the other side's table, below a LIMIT or a DISTINCT ON,
    /// which then chooses among fewer rows.
    /// </summary>
    private const string WhereRowsAreChosen = "join_filter_pushdown";

    /// <summary>Rules that are off.</summary>
    /// <param name="choosesRows">Whether the statements choose rows.</param>
    public static string Rules(bool choosesRows) => choosesRows ? $"{Always},{WhereRowsAreChosen}" : Always;

    /// <summary>
    /// Whether a query may choose rows. The words may as well be part of a text or a name; the rule only saves time.
    /// </summary>
    public static bool ChoosesRows(string sql) => Choices().IsMatch(sql);

    /// <summary>
    /// Whether a query may join by a range and keep rows without a partner beside columns of nested values. Where no row at all
    /// has a partner, the engine's join for such conditions (IEJoin) ends the process by a signal: it sets vectors to NULL that
    /// were never made, which a vector with children does not survive. A merge join is right there. It costs the product of the
    /// rows in the worst case (37 s for 0.13 s with 100,000 rows on each side), so it is asked for nowhere else.
    /// </summary>
    /// <param name="sql">The query.</param>
    /// <param name="columns">Columns of the tables that it reads.</param>
    public static bool NeedsMergeJoin(string sql, IEnumerable<ColumnSchema> columns) =>
        OuterJoins().IsMatch(sql) && (NestedValues().IsMatch(sql) || columns.Any(column => NestedTypes().IsMatch(column.Type)));

    [GeneratedRegex(@"\b(LEFT|RIGHT|FULL)\b", RegexOptions.IgnoreCase)]
    private static partial Regex OuterJoins();

    [GeneratedRegex(@"\{|\b(STRUCT\w*|ROW|UNION_VALUE|UNNEST|ARRAY_VALUE)\s*\(|[\w)]\[\d+\]", RegexOptions.IgnoreCase)]
    private static partial Regex NestedValues();

    [GeneratedRegex(@"\b(STRUCT|UNION|VARIANT)\b|\[\d+\]", RegexOptions.IgnoreCase)]
    private static partial Regex NestedTypes();

    [GeneratedRegex(@"\b(LIMIT|OFFSET|FETCH|SAMPLE|TABLESAMPLE|DISTINCT\s+ON)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Choices();
}
