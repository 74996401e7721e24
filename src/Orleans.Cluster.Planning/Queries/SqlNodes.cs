using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Reads and makes nodes of the engine's tree. Expressions are objects with a <c>class</c>; all else has a <c>type</c>.
/// </summary>
internal static class SqlNodes
{
    private static readonly JsonDocumentOptions DeepTrees = new() { MaxDepth = 2000 };
    private static readonly JsonSerializerOptions DeepText = new() { MaxDepth = 2000 };

    /// <summary>The one statement of a parsed text: <c>{ "node": ..., "named_param_map": [] }</c>.</summary>
    public static JsonObject Statement(string tree) =>
        (JsonObject)JsonNode.Parse(tree, documentOptions: DeepTrees)!["statements"]![0]!.DeepClone();

    /// <summary>A tree of one statement, for the engine to render.</summary>
    public static string Tree(JsonNode query) =>
        new JsonObject
        {
            ["error"] = false,
            ["statements"] = new JsonArray(
                new JsonObject { ["node"] = query.DeepClone(), ["named_param_map"] = new JsonArray() }),
        }.ToJsonString(DeepText);

    /// <summary>A SELECT of one expression from nothing.</summary>
    public static JsonObject SelectOf(params IEnumerable<JsonObject> expressions) => new()
    {
        ["type"] = "SELECT_NODE",
        ["modifiers"] = new JsonArray(),
        ["cte_map"] = new JsonObject { ["map"] = new JsonArray() },
        ["select_list"] = new JsonArray([.. expressions.Select(e => e.DeepClone())]),
        ["from_table"] = new JsonObject { ["type"] = "EMPTY", ["alias"] = "", ["sample"] = null, ["query_location"] = 0 },
        ["where_clause"] = null,
        ["group_expressions"] = new JsonArray(),
        ["group_sets"] = new JsonArray(),
        ["aggregate_handling"] = "STANDARD_HANDLING",
        ["having"] = null,
        ["sample"] = null,
        ["qualify"] = null,
    };

    /// <summary>A reference to a column.</summary>
    public static JsonObject Column(params IEnumerable<string> names) => new()
    {
        ["class"] = "COLUMN_REF",
        ["type"] = "COLUMN_REF",
        ["alias"] = "",
        ["query_location"] = 0,
        ["column_names"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]),
    };

    /// <summary>A SELECT of all columns of a FROM clause.</summary>
    public static JsonObject SelectAll(JsonNode table)
    {
        var select = SelectOf(new JsonObject
        {
            ["class"] = "STAR",
            ["type"] = "STAR",
            ["alias"] = "",
            ["relation_name"] = "",
            ["exclude_list"] = new JsonArray(),
            ["replace_list"] = new JsonArray(),
            ["columns"] = false,
            ["expr"] = null,
            ["qualified_exclude_list"] = new JsonArray(),
            ["rename_list"] = new JsonArray(),
        });
        select["from_table"] = table.DeepClone();
        return select;
    }

    /// <summary>A whole number.</summary>
    public static JsonObject Number(int value) => new()
    {
        ["class"] = "CONSTANT",
        ["type"] = "VALUE_CONSTANT",
        ["alias"] = "",
        ["query_location"] = 0,
        ["value"] = new JsonObject
        {
            ["type"] = new JsonObject { ["id"] = "INTEGER", ["type_info"] = null },
            ["is_null"] = false,
            ["value"] = value,
        },
    };

    /// <summary>A text.</summary>
    public static JsonObject Constant(string text) => new()
    {
        ["class"] = "CONSTANT",
        ["type"] = "VALUE_CONSTANT",
        ["alias"] = "",
        ["query_location"] = 0,
        ["value"] = new JsonObject
        {
            ["type"] = new JsonObject { ["id"] = "VARCHAR", ["type_info"] = null },
            ["is_null"] = false,
            ["value"] = text,
        },
    };

    /// <summary>A call of a function.</summary>
    public static JsonObject Call(string function, params IEnumerable<JsonObject> arguments) => new()
    {
        ["class"] = "FUNCTION",
        ["type"] = "FUNCTION",
        ["alias"] = "",
        ["query_location"] = 0,
        ["function_name"] = function,
        ["schema"] = "",
        ["children"] = new JsonArray([.. arguments]),
        ["filter"] = null,
        ["order_bys"] = new JsonObject { ["type"] = "ORDER_MODIFIER", ["orders"] = new JsonArray() },
        ["distinct"] = false,
        ["is_operator"] = false,
        ["export_state"] = false,
        ["catalog"] = "",
    };

    /// <summary>The first of two values that is not NULL.</summary>
    public static JsonObject Coalesce(JsonObject value, JsonObject other) => new()
    {
        ["class"] = "OPERATOR",
        ["type"] = "OPERATOR_COALESCE",
        ["alias"] = "",
        ["query_location"] = 0,
        ["children"] = new JsonArray(value, other),
    };

    /// <summary>A query in the place of a table.</summary>
    public static JsonObject Derived(JsonObject query, string alias, IEnumerable<string> columns) => new()
    {
        ["type"] = "SUBQUERY",
        ["alias"] = alias,
        ["sample"] = null,
        ["subquery"] = new JsonObject { ["node"] = query.DeepClone(), ["named_param_map"] = new JsonArray() },
        ["column_name_alias"] = new JsonArray([.. columns.Select(name => JsonValue.Create(name))]),
    };

    /// <summary>Two tables, each row of one with each of the other.</summary>
    public static JsonObject CrossJoin(JsonObject left, JsonObject right) => new()
    {
        ["type"] = "JOIN",
        ["alias"] = "",
        ["sample"] = null,
        ["query_location"] = 0,
        ["left"] = left,
        ["right"] = right,
        ["condition"] = null,
        ["join_type"] = "INNER",
        ["ref_type"] = "CROSS",
        ["using_columns"] = new JsonArray(),
        ["delim_flipped"] = false,
        ["duplicate_eliminated_columns"] = new JsonArray(),
    };

    /// <summary>A comparison, for example <c>COMPARE_EQUAL</c>.</summary>
    public static JsonObject Compare(string type, JsonObject left, JsonObject right) => new()
    {
        ["class"] = "COMPARISON",
        ["type"] = type,
        ["alias"] = "",
        ["query_location"] = 0,
        ["left"] = left.DeepClone(),
        ["right"] = right.DeepClone(),
    };

    /// <summary>Whether a value is NULL.</summary>
    public static JsonObject IsNull(JsonObject value) => new()
    {
        ["class"] = "OPERATOR",
        ["type"] = "OPERATOR_IS_NULL",
        ["alias"] = "",
        ["query_location"] = 0,
        ["children"] = new JsonArray(value.DeepClone()),
    };

    /// <summary>All conditions together, or one of them at least.</summary>
    public static JsonObject Conjunction(bool all, IReadOnlyList<JsonObject> conditions) => conditions.Count == 1
        ? conditions[0]
        : new JsonObject
        {
            ["class"] = "CONJUNCTION",
            ["type"] = all ? "CONJUNCTION_AND" : "CONJUNCTION_OR",
            ["alias"] = "",
            ["query_location"] = 0,
            ["children"] = new JsonArray([.. conditions.Select(condition => condition.DeepClone())]),
        };

    /// <summary>A reference to a table.</summary>
    public static JsonObject Table(string name, string alias = "") => new()
    {
        ["type"] = "BASE_TABLE",
        ["alias"] = alias,
        ["sample"] = null,
        ["query_location"] = 0,
        ["schema_name"] = "",
        ["table_name"] = name,
        ["column_name_alias"] = new JsonArray(),
        ["catalog_name"] = "",
        ["at_clause"] = null,
    };

    /// <summary>A string member; null when it is absent or no string.</summary>
    public static string? Text(this JsonNode? node, string member) =>
        node is JsonObject item && item[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A boolean member; false when absent.</summary>
    public static bool Flag(this JsonNode? node, string member) =>
        node is JsonObject item && item[member] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    /// <summary>Objects of an array member; none when it is absent.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, string member) =>
        node is JsonObject item && item[member] is JsonArray list ? list.OfType<JsonObject>() : [];

    /// <summary>Whether it is an expression of that class.</summary>
    public static bool IsClass(this JsonNode? node, string expressionClass) => node.Text("class") == expressionClass;

    /// <summary>Parts of a column reference.</summary>
    public static IReadOnlyList<string> ColumnNames(JsonObject reference) =>
        [.. ((JsonArray)reference["column_names"]!).Select(name => name!.GetValue<string>())];

    /// <summary>The node and all objects below it, outermost first.</summary>
    public static IEnumerable<JsonObject> Descend(JsonNode? node, bool intoSubqueries = true)
    {
        switch (node)
        {
            case JsonObject item:
                yield return item;
                foreach (var (name, child) in item)
                {
                    if (!intoSubqueries && name == "subquery")
                    {
                        continue;
                    }

                    foreach (var found in Descend(child, intoSubqueries))
                    {
                        yield return found;
                    }
                }

                break;
            case JsonArray list:
                foreach (var found in list.SelectMany(child => Descend(child, intoSubqueries)))
                {
                    yield return found;
                }

                break;
        }
    }

    /// <summary>A copy in which each object that <paramref name="replace"/> answers for is replaced, outermost first.</summary>
    public static JsonNode? Rewrite(JsonNode? node, Func<JsonObject, JsonObject?> replace)
    {
        switch (node)
        {
            case JsonObject item:
                if (replace(item) is { } other)
                {
                    return ReferenceEquals(other, item) || other.Parent is not null ? other.DeepClone() : other;
                }

                var copy = new JsonObject();
                foreach (var (name, child) in item)
                {
                    copy[name] = Rewrite(child, replace);
                }

                return copy;
            case JsonArray list:
                return new JsonArray([.. list.Select(child => Rewrite(child, replace))]);
            default:
                return node?.DeepClone();
        }
    }

    /// <summary>Equal for expressions that are the same but for place and alias.</summary>
    public static string Key(JsonNode? expression) => Rewrite(expression, Anonymous)?.ToJsonString(DeepText) ?? "";

    /// <summary>Equal for nodes that are the same but for place; names and aliases count.</summary>
    public static string Exact(JsonNode node) => Rewrite(node, Placeless)?.ToJsonString(DeepText) ?? "";

    /// <summary>Names of columns that an expression reads, outside of its subqueries; the first part of each.</summary>
    public static IEnumerable<string> References(JsonNode? expression) =>
        Descend(expression, intoSubqueries: false).Where(node => node.IsClass("COLUMN_REF")).Select(node => ColumnNames(node)[0]);

    /// <summary>
    /// Names that an expression reads where no lambda's parameter can be meant: outside of lambdas. The first part of each.
    /// </summary>
    public static IEnumerable<string> ReferencesOutsideLambdas(JsonNode expression) =>
        References(Rewrite(expression, node => node.IsClass("LAMBDA") ? Number(1) : null));

    /// <summary>Names of the parameters of all lambdas in an expression.</summary>
    public static IEnumerable<string> LambdaParameters(JsonNode expression) =>
        Descend(expression).Where(node => node.IsClass("LAMBDA")).SelectMany(lambda => References(lambda["lhs"]));

    /// <summary>Conditions that must all hold, of a condition.</summary>
    public static IEnumerable<JsonObject> Conjuncts(JsonNode? condition) => condition switch
    {
        JsonObject item when item.Text("type") == "CONJUNCTION_AND" => item.Items("children").SelectMany(Conjuncts),
        JsonObject item => [item],
        _ => [],
    };

    private static JsonObject? Placeless(JsonObject item)
    {
        if (!item.ContainsKey("query_location"))
        {
            return null;
        }

        var copy = new JsonObject();
        foreach (var (name, child) in item)
        {
            if (name != "query_location")
            {
                copy[name] = Rewrite(child, Placeless);
            }
        }

        return copy;
    }

    private static JsonObject? Anonymous(JsonObject item)
    {
        if (!item.ContainsKey("query_location"))
        {
            return null;
        }

        var copy = new JsonObject();
        foreach (var (name, child) in item)
        {
            if (name is not ("query_location" or "alias"))
            {
                copy[name] = name == "column_names"
                    ? JsonNode.Parse(child!.ToJsonString().ToLowerInvariant())
                    : Rewrite(child, Anonymous);
            }
        }

        return copy;
    }
}
