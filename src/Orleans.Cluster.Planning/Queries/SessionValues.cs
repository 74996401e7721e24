using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Names that stand for the clock or for who asks, as <c>current_date</c> and <c>user</c> do. The parser takes them for columns,
/// and only where there is no such column does the engine read the clock; so only here, where columns are known, can they be
/// refused.
/// </summary>
internal static class SessionValues
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "current_role",
        "session_user",
        "user", "current_catalog", "current_schema", "current_database",
    };

    /// <summary>The first of them that a tree reads and that is no column; null for none.</summary>
    /// <param name="tree">A query or an expression.</param>
    /// <param name="columns">Columns of the data.</param>
    public static string? Find(JsonNode tree, IEnumerable<string> columns)
    {
        var used = SqlNodes.Descend(tree).Where(node => node.IsClass("COLUMN_REF")).Select(SqlNodes.ColumnNames)
            .Where(names => names.Count == 1 && Names.Contains(names[0])).Select(names => names[0]).ToList();
        if (used.Count == 0)
        {
            return null;
        }

        var known = columns.Concat(Given(tree)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return used.FirstOrDefault(name => !known.Contains(name));
    }

    /// <summary>Why one is refused.</summary>
    public static string Refusal(string name) =>
        $"{name.ToLowerInvariant()} is not allowed. Queries may read their data alone, not the clock or the session; a partition "
        + "that is run "
        + "again must give the same rows. Write the value as a constant.";

    /// <exception cref="ClusterException"><c>query-invalid</c>: a query reads one of them.</exception>
    public static void Refuse(JsonNode query, IEnumerable<string> columns)
    {
        if (Find(query, columns) is { } name)
        {
            throw new ClusterException(ProblemCode.QueryInvalid, Refusal(name));
        }
    }

    // Names that the text itself gives to columns and to parameters of lambdas.
    private static IEnumerable<string> Given(JsonNode tree) => SqlNodes.Descend(tree).SelectMany(node =>
    {
        var names = new[] { "column_name_alias", "aliases" }.SelectMany(member => node[member] as JsonArray ?? [])
            .OfType<JsonValue>()
            .Select(value => value.ToString());
        return node.IsClass("LAMBDA")
            ? names.Concat(SqlNodes.References(node["lhs"]))
            : node.Text("alias") is { Length: > 0 } alias && node["class"] is not null ? names.Append(alias) : names;
    });
}
