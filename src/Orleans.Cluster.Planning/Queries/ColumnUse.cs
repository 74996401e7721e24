using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Columns that a query may read of a table, by their names alone. What names no column but means all of them makes a scan read
/// all: a star, a table's own name as a value, a NATURAL join, a pivot (whose groups are the columns that are left), a column by
/// its number.
/// </summary>
internal sealed class ColumnUse
{
    private readonly bool isAll;
    private readonly IReadOnlyList<string> names;
    private readonly HashSet<string> singles;
    private readonly List<JsonObject> tables;

    /// <summary>Reads a query.</summary>
    public ColumnUse(JsonObject query)
    {
        var nodes = SqlNodes.Descend(query).ToList();
        var references = nodes.Where(node => node.IsClass("COLUMN_REF")).Select(SqlNodes.ColumnNames).ToList();
        var asked = nodes.Where(node => node.Text("subquery_type") == "EXISTS").SelectMany(Selected)
            .ToHashSet<JsonObject>(ReferenceEqualityComparer.Instance);
        isAll = nodes.Exists(node => (node.IsClass("STAR") && !asked.Contains(node)) || node.IsClass("POSITIONAL_REFERENCE")
            || (node["class"] is null && (node.Text("ref_type") == "NATURAL" || node.Text("type") == "PIVOT")));
        names = [.. references.SelectMany(parts => parts)
            .Concat(nodes.SelectMany(Shared)).Distinct(StringComparer.OrdinalIgnoreCase)];
        singles = references.Where(parts => parts.Count == 1)
            .Select(parts => parts[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        tables = [.. nodes.Where(node => node["class"] is null && node.Text("type") == "BASE_TABLE")];
    }

    /// <summary>Columns of a dataset; null for all.</summary>
    /// <param name="dataset">Its name in the query.</param>
    public IReadOnlyList<string>? Of(string dataset) =>
        isAll || tables.Exists(table => Scope.Same(table.Text("table_name") ?? "", dataset) && MeansAll(table)) ? null : names;

    /// <summary>How often a dataset is read.</summary>
    public int Times(string dataset) => tables.Count(table => Scope.Same(table.Text("table_name") ?? "", dataset));

    // Names that the query gives to columns go by place, so none may be left out.
    private bool MeansAll(JsonObject table) =>
        table["column_name_alias"] is JsonArray { Count: > 0 }
        || singles.Contains(table.Text("alias") is { Length: > 0 } alias ? alias : table.Text("table_name")!);

    // EXISTS asks for rows, whatever is in them.
    private static IEnumerable<JsonObject> Selected(JsonObject subquery) =>
        subquery["subquery"]?["node"] is JsonObject node && node["modifiers"] is not JsonArray { Count: > 0 } && !IsGrouped(node)
            ? node.Items("select_list") : [];

    /// <summary>Whether a query groups its rows.</summary>
    public static bool IsGrouped(JsonObject node) => node["class"] is null
        && (node["group_expressions"] is JsonArray { Count: > 0 } || node.Text("aggregate_handling") == "FORCE_AGGREGATES");

    private static IEnumerable<string> Shared(JsonObject node) =>
        node["using_columns"] is JsonArray columns ? columns.Select(name => name!.GetValue<string>()) : [];
}
