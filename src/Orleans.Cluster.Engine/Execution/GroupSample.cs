using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Whether the rows of a task are of about as many groups as there are rows: then grouping them before they are sent takes time
/// and leaves nothing out.
/// </summary>
internal static class GroupSample
{
    // Of few groups the first sample tells, and costs a hundredth of a partition. The second is long enough for keys that come
    // again and again in the same order, as genes do with each sample of a matrix.
    private const long FewRows = 20_000;
    private const double FewGroups = 0.9;
    private const long ManyRows = 200_000;

    // Of g groups that are equally likely, n rows have n * n / 2g that are not the first of theirs: at this share of them g is 20
    // times the sample, more than a partition of the usual size has rows.
    private const double AsManyGroups = 0.975;

    // An order of so many is made at once. Of ten times as many groups, equally likely, the first rows would be of nearly all.
    private const long OrderedGroups = 1000;

    private const string Count = OwnName.Prefix + "count";

    /// <summary>Looks at the first rows, which are the same for each attempt.</summary>
    public static bool IsOfAsManyGroups(UngroupedQuery query, DuckDbSession session, CancellationToken cancellationToken) =>
        Share(query, FewRows, session, cancellationToken) >= FewGroups
        && Share(query, ManyRows, session, cancellationToken) >= AsManyGroups;

    /// <summary>Whether the first rows are of so few groups that an order of all groups costs nothing.</summary>
    public static bool IsOfFewGroups(FewGroups groups, DuckDbSession session, CancellationToken cancellationToken) =>
        session.QueryInt64(
            $"SELECT count(*) FROM (SELECT DISTINCT * FROM ({groups.Keys} LIMIT {FewRows}))", cancellationToken) <= OrderedGroups;

    // Groups of the first rows by their number; 0 where there are fewer rows than that: so little is done either way.
    private static double Share(UngroupedQuery query, long rows, DuckDbSession session, CancellationToken cancellationToken) =>
        session.Query(
            $"SELECT count(*), CAST(coalesce(sum({Count}), 0) AS BIGINT) FROM "
            + $"(SELECT *, count(*) AS {Count} FROM ({query.Keys} LIMIT {rows}) GROUP BY ALL)",
            row => (Groups: row.GetInt64(0), Rows: row.GetInt64(1)), cancellationToken) is [var (groups, found)] && found == rows
                ? (double)groups / rows : 0;
}
