using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Refuses whatever a query may not hold, by allow-list on its parsed tree: what is not known to be harmless is refused, so that
/// a new engine version cannot add a way around. Names of tables are not judged here, since they may be those of common table
/// expressions; the planner looks each up.
/// </summary>
internal sealed class SqlTreeGuard
{
    /// <summary>Deeper trees are refused, since every later step walks them by recursion.</summary>
    public const int MaxDepth = 600;

    private const int ShownCharacters = 40;

    private static readonly FrozenSet<string> ExpressionClasses = Set(
        "COLUMN_REF CONSTANT FUNCTION COMPARISON CONJUNCTION OPERATOR CASE CAST BETWEEN SUBQUERY WINDOW STAR LAMBDA LAMBDA_REF "
        + "COLLATE " +
        "POSITIONAL_REFERENCE");

    private static readonly FrozenSet<string> NodeTypes = Set(
        "SELECT_NODE SET_OPERATION_NODE CTE_NODE RECURSIVE_CTE_NODE BASE_TABLE JOIN SUBQUERY EXPRESSION_LIST EMPTY "
        + "TABLE_FUNCTION PIVOT " +
        "ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ASCENDING DESCENDING ORDER_DEFAULT");

    // They call the function whose name is an argument.
    private static readonly FrozenSet<string> Callers = Set("aggregate array_aggr array_aggregate list_aggr list_aggregate");

    private readonly byte[] text;
    private readonly Func<string, bool> isFunction;

    private SqlTreeGuard(string sql, Func<string, bool> isFunction) =>
        (text, this.isFunction) = (Encoding.UTF8.GetBytes(sql), isFunction);

    /// <summary>Throws for the first thing that is not allowed, with its name and what stands at its place.</summary>
    /// <param name="statements">The parsed text.</param>
    /// <param name="sql">The text.</param>
    /// <param name="isFunction">Whether the engine has a function of a name, so that a misspelt one is said to be that.</param>
    /// <exception cref="ClusterException"><c>query-invalid</c>.</exception>
    public static void Check(JsonNode statements, string sql, Func<string, bool> isFunction) =>
        new SqlTreeGuard(sql, isFunction).Walk(statements, 0);

    private void Walk(JsonNode? node, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Refuse("The query is nested too deeply.", null);
        }

        switch (node)
        {
            case JsonObject item:
                CheckObject(item);
                foreach (var (_, child) in item)
                {
                    Walk(child, depth + 1);
                }

                break;
            case JsonArray list:
                foreach (var child in list)
                {
                    Walk(child, depth + 1);
                }

                break;
        }
    }

    private void CheckObject(JsonObject item)
    {
        if (Text(item, "class") is { } expressionClass)
        {
            CheckExpression(item, expressionClass);
        }
        else if (Text(item, "type") is { } type && !type.EndsWith("_TYPE_INFO", StringComparison.Ordinal))
        {
            CheckNode(item, type);
        }
    }

    private void CheckExpression(JsonObject item, string expressionClass)
    {
        if (!ExpressionClasses.Contains(expressionClass))
        {
            throw Refuse(
                expressionClass == "PARAMETER"
                    ? "A query cannot have parameters. Write the values in it."
                    : $"{expressionClass} is not allowed in a query.", item);
        }

        if (Text(item, "function_name") is not { } function)
        {
            return;
        }

        if (Text(item, "schema") is not ("" or "main" or null) || Text(item, "catalog") is not ("" or "system" or null))
        {
            throw Refuse($"The function {function} is of a schema that queries cannot use. Write its name alone.", item);
        }

        if (!SqlTreeFunctions.IsAllowed(function) || item["export_state"]?.GetValue<bool>() == true)
        {
            throw Refuse(
                isFunction(function) || Instead(function).Length > 0
                    ? $"The function {function} is not allowed. Queries may call functions of their arguments alone, not those "
                    + $"that read files, settings, the clock or chance.{Instead(function)}"
                    : $"There is no function {function}.{Nearest(function)}", item);
        }

        // A series that is a table is not made at once; its rows have a bound of their own.
        var isTable = item.Parent is JsonObject parent && Text(parent, "type") == "TABLE_FUNCTION";
        if (!isTable && SqlTreeSizes.FindFault(item, function) is { } fault)
        {
            throw Refuse(fault, item);
        }

        if (Callers.Contains(function.ToLowerInvariant()))
        {
            CheckCalled(item, function);
        }

        if (function.Equals("age", StringComparison.OrdinalIgnoreCase) && item["children"] is JsonArray { Count: 1 })
        {
            throw Refuse(
                "The function age with one argument is not allowed, because it reads the clock. Give it both times.", item);
        }
    }

    private static string Nearest(string function) => NearestName.Find(function, SqlTreeFunctions.All) is { } near
        ? $" Did you mean {near}?"
        : " FUNCTIONS.md in the reference lists all.";

    // What serves the same end, where something does.
    private static string Instead(string function) => function.ToLowerInvariant() switch
    {
        "random" or "setseed" or "uuid" or "gen_random_uuid" or "uuidv4" or "uuidv7" =>
            " Use hash of a column that tells the rows apart, or the operation sample.",
        "now" or "today" or "current_date" or "get_current_timestamp" or "get_current_time" or "transaction_timestamp" =>
            " Write the time as a constant: TIMESTAMP '2024-01-31 13:45:00'.",
        "nextval" or "currval" => " Use row_number() OVER (ORDER BY ...).",
        "getvariable" or "current_setting" or "getenv" => " Write the value as a constant.",
        var name when name.StartsWith("read_", StringComparison.Ordinal) =>
            " Name the file in sources, or write it in place of a table: FROM 'folder/*.csv'.",
        _ => "",
    };

    private void CheckCalled(JsonObject item, string function)
    {
        var name = item["children"] is JsonArray { Count: > 1 } children ? children[1] as JsonObject : null;
        if (Text(name, "class") != "CONSTANT" || Text(name!["value"] as JsonObject, "value") is not { } called)
        {
            throw Refuse(
                $"The function {function} is not allowed without the name of an aggregate as its second argument.", item);
        }

        if (!SqlTreeFunctions.IsAllowed(called))
        {
            throw Refuse($"The function {called} is not allowed, by way of {function} neither.", item);
        }
    }

    private void CheckNode(JsonObject item, string type)
    {
        if (!NodeTypes.Contains(type))
        {
            throw Refuse(type switch
            {
                "SHOW_REF" => "Only SELECT is allowed. POST /data/preview shows the columns and types of a source, "
                    + "and the operation profile describes them.",
                _ => $"{type} is not allowed in a query.",
            }, item);
        }

        if (item["sample"] is JsonObject)
        {
            throw Refuse(
                "TABLESAMPLE is not allowed, because a partition that is run again must give the same rows. Use the operation "
                + "sample.", item);
        }

        if (type == "BASE_TABLE")
        {
            CheckTable(item);
        }
        else if (type == "TABLE_FUNCTION"
            && Text(item["function"] as JsonObject, "function_name") is not "unnest" and var function
            && !SqlSeries.IsSeries(function))
        {
            throw Refuse(
                $"The table function {function} is not allowed. "
                + $"A query reads its declared sources, and the functions range, generate_series and unnest."
                + $"{Instead(function ?? "")}",
                item["function"] as JsonObject);
        }
        else if (type == "RECURSIVE_CTE_NODE" && item["key_targets"] is JsonArray { Count: > 0 })
        {
            throw Refuse("USING KEY is not allowed in a recursive query. Use UNION or UNION ALL without it.", null);
        }
    }

    private void CheckTable(JsonObject table)
    {
        if (Text(table, "schema_name") is not ("" or SqlTreeNames.Schema or null)
            || Text(table, "catalog_name") is not ("" or null) || table["at_clause"] is JsonObject)
        {
            throw Refuse(
                $"The table {Text(table, "schema_name")}.{Text(table, "table_name")} is not allowed. "
                + $"A query reads its declared sources alone, by their names or as {SqlTreeNames.Schema}.NAME.", table);
        }
    }

    private static string? Text(JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private ClusterException Refuse(string detail, JsonObject? place) => new(ProblemCode.QueryInvalid, detail + Near(place));

    // Places are bytes of the text; a node without one has the largest number.
    private string Near(JsonObject? place)
    {
        if (place?["query_location"] is not JsonValue value || !value.TryGetValue<ulong>(out var at) || at >= (ulong)text.Length)
        {
            return "";
        }

        var rest = Encoding.UTF8.GetString(text.AsSpan((int)at));
        return $" It is at: {(rest.Length <= ShownCharacters ? rest : rest[..ShownCharacters] + "...").ReplaceLineEndings(" ")}";
    }
}
