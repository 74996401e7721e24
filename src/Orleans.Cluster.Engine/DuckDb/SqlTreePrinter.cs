using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Prints trees as texts that parse to the same tree. The engine's own printer turns CROSS JOIN into a comma, which binds less
/// tightly beside another join, and leaves out the parentheses of a join on the right side of another: <c>a JOIN (b NATURAL JOIN
/// c) ON x</c>
/// would come back as another query. So a cross join becomes an inner join on TRUE, and such a right side is printed alone and
/// put back in parentheses.
/// </summary>
/// <param name="print">The engine's printer: a tree of one statement to its text.</param>
internal sealed partial class SqlTreePrinter(Func<string, string> print)
{
    private const string Before = "SELECT * FROM ";

    private readonly List<(string Name, JsonObject Join)> nested = [];
    private string prefix = "";

    /// <summary>The text of a tree.</summary>
    public string Print(string tree, Func<string, JsonNode> read)
    {
        if (!tree.Contains("\"JOIN\"", StringComparison.Ordinal))
        {
            return print(tree);
        }

        for (var number = 0; prefix.Length == 0 || tree.Contains(prefix, StringComparison.OrdinalIgnoreCase); number++)
        {
            prefix = $"__nested_{number.ToString(CultureInfo.InvariantCulture)}_";
        }

        var copy = read(tree);
        Visit(copy);
        var text = print(copy.ToJsonString(Options));
        foreach (var (name, join) in nested)
        {
            // Outer joins come before those that they hold.
            text = text.Replace(name, $"({PrintJoin(join)})", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>A printed text with <c>count(*)</c>, as people write what the engine prints as <c>count_star()</c>.</summary>
    public static string WithCounts(string text) => text.Contains(Count, StringComparison.Ordinal)
        ? CountOrQuoted().Replace(text, match => match.Value == Count ? "count(*)" : match.Value) : text;

    private const string Count = "count_star()";

    // A doubled quote reads as the end of one text and the beginning of another.
    [GeneratedRegex("""'[^']*'|"[^"]*"|\bcount_star\(\)""")]
    private static partial Regex CountOrQuoted();

    private static readonly JsonSerializerOptions Options = new() { MaxDepth = 2 * SqlTreeGuard.MaxDepth };

    private void Visit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject item:
                if (IsJoin(item))
                {
                    Mend(item);
                }

                foreach (var (_, child) in item)
                {
                    Visit(child);
                }

                break;
            case JsonArray list:
                foreach (var child in list)
                {
                    Visit(child);
                }

                break;
        }
    }

    private void Mend(JsonObject join)
    {
        if (join["ref_type"]!.GetValue<string>() == "CROSS")
        {
            join["ref_type"] = "REGULAR";
            join["join_type"] = "INNER";
            join["condition"] = True();
        }

        if (join["right"] is JsonObject right && IsJoin(right))
        {
            var name = $"{prefix}{nested.Count.ToString(CultureInfo.InvariantCulture)}_";
            join["right"] = Table(name);
            nested.Add((name, right));
            Visit(right);
        }
    }

    private string PrintJoin(JsonObject join)
    {
        var text = print(SelectAll(join).ToJsonString(Options));
        return text.StartsWith(Before, StringComparison.Ordinal)
            ? text[Before.Length..]
            : throw new InvalidOperationException($"The engine printed a join as: {text}");
    }

    private static bool IsJoin(JsonObject item) =>
        item["class"] is null && item["type"] is JsonValue type && type.ToString() == "JOIN";

    private static JsonObject Table(string name) => new()
    {
        ["type"] = "BASE_TABLE",
        ["alias"] = "",
        ["sample"] = null,
        ["query_location"] = 0,
        ["schema_name"] = "",
        ["table_name"] = name,
        ["column_name_alias"] = new JsonArray(),
        ["catalog_name"] = "",
        ["at_clause"] = null,
    };

    private static JsonObject True() => new()
    {
        ["class"] = "CONSTANT",
        ["type"] = "VALUE_CONSTANT",
        ["alias"] = "",
        ["query_location"] = 0,
        ["value"] = new JsonObject
        {
            ["type"] = new JsonObject { ["id"] = "BOOLEAN", ["type_info"] = null },
            ["is_null"] = false,
            ["value"] = true,
        },
    };

    /// <summary>The tree of a statement that selects all from a table or a join.</summary>
    public static JsonObject SelectAll(JsonObject table) => new()
    {
        ["error"] = false,
        ["statements"] = new JsonArray(new JsonObject { ["node"] = SelectNode(table), ["named_param_map"] = new JsonArray() }),
    };

    private static JsonObject SelectNode(JsonObject table) => new()
    {
        ["type"] = "SELECT_NODE",
        ["modifiers"] = new JsonArray(),
        ["cte_map"] = new JsonObject { ["map"] = new JsonArray() },
        ["select_list"] = new JsonArray(new JsonObject
        {
            ["class"] = "STAR",
            ["type"] = "STAR",
            ["alias"] = "",
            ["query_location"] = 0,
            ["relation_name"] = "",
            ["exclude_list"] = new JsonArray(),
            ["replace_list"] = new JsonArray(),
            ["columns"] = false,
            ["expr"] = null,
            ["qualified_exclude_list"] = new JsonArray(),
            ["rename_list"] = new JsonArray(),
        }),
        ["from_table"] = table.DeepClone(),
        ["where_clause"] = null,
        ["group_expressions"] = new JsonArray(),
        ["group_sets"] = new JsonArray(),
        ["aggregate_handling"] = "STANDARD_HANDLING",
        ["having"] = null,
        ["sample"] = null,
        ["qualify"] = null,
    };
}
