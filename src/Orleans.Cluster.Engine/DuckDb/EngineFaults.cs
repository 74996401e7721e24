using System.Text.RegularExpressions;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Rules of the engine's optimizer by which queries get other rows than they mean, in the version in use; they are switched off.
/// Each has its query in EngineFaultTests, which says when a later version has mended it.
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

    [GeneratedRegex(@"\b(LIMIT|OFFSET|FETCH|SAMPLE|TABLESAMPLE|DISTINCT\s+ON)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Choices();
}
