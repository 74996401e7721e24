using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Qualified names of sources, <c>main.reads</c> and <c>main.reads.gene</c>, become plain ones: sources have no schema of their
/// own, and inside of a task they are views.
/// </summary>
internal static class SqlTreeNames
{
    /// <summary>The schema that all sources are in.</summary>
    public const string Schema = "main";

    /// <summary>Changes the tree; answers whether there was anything to change.</summary>
    /// <exception cref="ClusterException">
    /// <c>query-invalid</c>: a common table expression has the name, so that it would mean that one.
    /// </exception>
    public static bool Unqualify(JsonNode statements)
    {
        var tables = Descend(statements)
            .Where(node => node["class"] is null && Text(node, "type") == "BASE_TABLE" && Text(node, "schema_name") == Schema)
            .ToList();
        if (tables.Count == 0)
        {
            return false;
        }

        var names = tables.Select(table => Text(table, "table_name")!).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var hidden = Descend(statements)
            .Where(node => node["key"] is not null && node["value"] is JsonObject).Select(node => Text(node, "key")!)
            .FirstOrDefault(names.Contains);
        if (hidden is not null)
        {
            throw new ClusterException(
                ProblemCode.QueryInvalid,
                $"{Schema}.{hidden} is a source and {hidden} a common table expression. Give the expression another name.");
        }

        foreach (var table in tables)
        {
            table["schema_name"] = "";
        }

        foreach (var reference in Descend(statements).Where(node => Text(node, "class") == "COLUMN_REF").ToList())
        {
            if (reference["column_names"] is JsonArray { Count: > 2 } parts && parts[0]!.ToString() == Schema
                && names.Contains(parts[1]!.ToString()))
            {
                parts.RemoveAt(0);
            }
        }

        return true;
    }

    private static string? Text(JsonObject node, string name) =>
        node[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static IEnumerable<JsonObject> Descend(JsonNode? node) => node switch
    {
        JsonObject item => item.Select(member => member.Value).SelectMany(Descend).Prepend(item),
        JsonArray list => list.SelectMany(Descend),
        _ => [],
    };
}
