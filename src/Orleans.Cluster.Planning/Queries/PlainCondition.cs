using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>The condition of a query of one plain table: every row of the dataset that the query needs meets it.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Condition">What follows WHERE.</param>
/// <param name="Hidden">Names that mean something else in the query, or may.</param>
/// <param name="Tables">Names that the query gives to the table.</param>
internal sealed record PlainCondition(
    string Dataset, IReadOnlyList<ColumnSchema> Columns, JsonObject Condition, IReadOnlySet<string> Hidden,
    IReadOnlyList<string> Tables)
{
    /// <summary>The condition of a query; null when it has none, or reads more than one plain table.</summary>
    public static PlainCondition? Of(JsonObject query, IReadOnlyDictionary<string, PlannedDataset> datasets)
    {
        if (query.Text("type") != "SELECT_NODE" || query["where_clause"] is not JsonObject condition
            || query["from_table"] is not JsonObject table || table.Text("type") != "BASE_TABLE"
            || IsMoreThanItsRows(query, table)
            || datasets.Keys.FirstOrDefault(key => IsSame(key, table.Text("table_name"))) is not { } name)
        {
            return null;
        }

        // A name that the query gives to something else may mean that in its condition.
        var hidden = query.Items("select_list").Select(item => item.Text("alias")).OfType<string>()
            .Where(alias => alias.Length > 0).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new PlainCondition(name, datasets[name].Columns, condition, hidden, [name, table.Text("alias") ?? ""]);
    }

    /// <summary>The column that an expression is; null when it is anything else.</summary>
    public ColumnSchema? ColumnOf(JsonObject expression)
    {
        if (!expression.IsClass("COLUMN_REF"))
        {
            return null;
        }

        var names = SqlNodes.ColumnNames(expression);
        var isQualified = names.Count == 2 && Tables.Contains(names[0], StringComparer.OrdinalIgnoreCase)
            && !Columns.Any(column => IsSame(column.Name, names[0]));
        return names.Count == 1 || isQualified
            ? Columns.FirstOrDefault(column => IsSame(column.Name, names[^1]) && !Hidden.Contains(column.Name))
            : null;
    }

    // Another table of that name, other names for its columns, some of its rows, or rows of it that another part of the query
    // reads.
    private static bool IsMoreThanItsRows(JsonObject query, JsonObject table) =>
        table.Text("schema_name") is { Length: > 0 } || query["cte_map"]?["map"] is JsonArray { Count: > 0 }
        || table["column_name_alias"] is JsonArray { Count: > 0 } || table["sample"] is not null || query["sample"] is not null
        || SqlNodes.Descend(query).Any(node => node.IsClass("SUBQUERY"));

    private static bool IsSame(string name, string? other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
