using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>A query with the columns of its keys. All tasks of a stage see the same keys and so make the same columns.</summary>
internal static class KeyColumnsQuery
{
    private const string NameOfEmptyText = "(empty)";

    /// <summary>The whole text of a query.</summary>
    /// <exception cref="EngineException">There are too many keys.</exception>
    public static string Expand(string query, KeyColumns keys, DuckDbSession session, CancellationToken cancellationToken)
    {
        var names = session.Query($"{keys.Names} LIMIT {KeyColumns.Most + 1}", row => row.GetString(0), cancellationToken);
        if (names.Count > KeyColumns.Most)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                $"The key has more than {KeyColumns.Most} values, and each would be a column of the result. Set parameters.as to "
                + "LIST for a "
                + "list of the values, with the keys as a table of their own; or choose another key, or filter first.");
        }

        var taken = session.Describe(query, cancellationToken)
            .Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var columns = names.Select((name, number) =>
        {
            var value = keys.Column.Replace(
                KeyColumns.Number, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            return $", {value} AS {SqlText.Name(Free(name, taken))}";
        });
        return query.Replace(KeyColumns.Place, string.Concat(columns), StringComparison.Ordinal);
    }

    // Names of columns differ in more than the case of letters, and none is empty.
    private static string Free(string wanted, HashSet<string> taken)
    {
        var name = wanted.Length == 0 ? NameOfEmptyText : wanted;
        var free = name;
        for (var number = 1; !taken.Add(free); number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}_{number}");
        }

        return free;
    }
}
