using System.Text.Json.Nodes;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// What a parsed query is made of, without its expressions: tables, joins and their kinds, set operations, orders and limits.
/// </summary>
internal static class QuerySkeleton
{
    private static readonly string[] Members =
    [
        "type", "ref_type", "join_type", "using_columns", "table_name", "alias", "column_name_alias", "setop_type", "setop_all",
        "union_all", "key",
        "aliases", "aggregate_handling", "function_name",
    ];

    /// <summary>
    /// Equal for two trees that are the same but for places and for how constants are written; a cross join is an inner join on
    /// TRUE.
    /// </summary>
    public static string Of(string tree)
    {
        var lines = new List<string>();
        Add(JsonNode.Parse(tree, documentOptions: new() { MaxDepth = 2000 }), 0, lines);
        return string.Join('\n', lines);
    }

    private static void Add(JsonNode? node, int depth, List<string> lines)
    {
        switch (node)
        {
            case JsonArray list:
                foreach (var child in list)
                {
                    Add(child, depth, lines);
                }

                break;
            case JsonObject item when item["alias"]?.ToString() == "valueslist" && item["subquery"] is JsonObject values:
                // VALUES with an alias of its own is printed with a query around it, which selects all.
                Add(values["node"]!["from_table"], depth, lines);
                break;
            case JsonObject item:
                var isTable = item["class"] is null && item["type"] is JsonValue && item["is_null"] is null && item["id"] is null;
                if (isTable || item["key"] is not null)
                {
                    lines.Add(new string(' ', depth)
                        + string.Join(' ', Members.Select(member => Value(item, member)).Where(text => text.Length > 0)));
                }

                foreach (var (_, child) in item)
                {
                    Add(child, depth + 1, lines);
                }

                break;
        }
    }

    private static string Value(JsonObject item, string member) => (member, item[member]) switch
    {
        (_, null) => "",
        ("ref_type", { } value) when value.ToString() == "CROSS" => "REGULAR",
        (_, JsonArray { Count: 0 }) => "",
        (_, JsonValue value) => value.ToString(),
        (_, { } value) => value.ToJsonString(),
    };
}
