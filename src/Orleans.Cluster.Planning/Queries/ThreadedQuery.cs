using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// A query whose rows and their order are the same to the bit however many threads of an engine work on it: all that it groups,
/// compares and adds up is exact, and its rows have an order in which no two are alike unless they are the same.
/// </summary>
/// <param name="Query">The query, with its whole order where it has one.</param>
/// <param name="FewGroups">What would order its rows, where nobody asked for an order; null where they have one.</param>
internal sealed record ThreadedQuery(JsonObject Query, UnorderedGroups? FewGroups = null)
{
    private static readonly string[] Expressions =
    [
        "COLUMN_REF", "CONSTANT", "CAST", "COMPARISON", "CONJUNCTION", "BETWEEN", "OPERATOR", "CASE", "SUBQUERY", "FUNCTION",
        "STAR",
    ];

    private static readonly string[] Joins = ["INNER", "LEFT", "RIGHT", "OUTER", "SEMI", "ANTI"];

    /// <summary>What a plan says of so many threads; null of one.</summary>
    public static string? Note(int threads) => threads == 1 ? null
        : $"Up to {threads} threads work on it where processors are idle: its rows are the same with any number of them.";

    /// <summary>
    /// A query that threads may share; null where its rows have no order that is worth it, or threads might show.
    /// </summary>
    /// <param name="query">A query node.</param>
    /// <param name="tables">Columns of its tables.</param>
    public static ThreadedQuery? Of(JsonObject query, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        var exact = ExactValues.Of(query, tables);
        return SqlNodes.Descend(query).All(node =>
            IsSafe(node, exact) && (node == query || !Chooses(node)) && !ReadsRows(node, tables))
            ? Ordered(query, exact, tables) : null;
    }

    private static bool IsSafe(JsonObject node, ExactValues exact) => node["sample"] is null && (node.Text("class") is { } kind
        ? Expressions.Contains(kind) && IsSafeExpression(node, kind, exact)
        : node.Text("type") switch
        {
            "SELECT_NODE" => IsSafeSelect(node, exact),
            "SET_OPERATION_NODE" or "RECURSIVE_CTE_NODE" or "CTE_NODE" => false,
            "JOIN" => Joins.Contains(node.Text("join_type")) && node.Text("ref_type") is "REGULAR" or "CROSS" or "NATURAL",
            "TABLE_FUNCTION" or "PIVOT" or "EXPRESSION_LIST" or "COLUMN_DATA" or "SHOW_REF" => false,
            "LIMIT_PERCENT_MODIFIER" => false,
            "DISTINCT_MODIFIER" => !node.Items("distinct_on_targets").Any(),
            _ => true,
        });

    // A table's own name is a row of it, where no column has that name.
    private static bool ReadsRows(JsonObject node, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        if (node.Text("type") != "SELECT_NODE")
        {
            return false;
        }

        var from = SqlNodes.Descend(node["from_table"], intoSubqueries: false).ToList();
        var relations = from.SelectMany(ExactValues.RelationsOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        relations.ExceptWith(from.Where(table => table.Text("type") == "BASE_TABLE")
            .SelectMany(table => tables.GetValueOrDefault(table.Text("table_name") ?? "") ?? []).Select(column => column.Name));
        return SqlNodes.Descend(node).Any(part => part.IsClass("COLUMN_REF")
            && SqlNodes.ColumnNames(part) is [var name] && relations.Contains(name));
    }

    // Which rows it takes depends on their order.
    private static bool Chooses(JsonObject node) => node.Items("modifiers").Any(modifier =>
        modifier.Text("type") is "LIMIT_MODIFIER" or "LIMIT_PERCENT_MODIFIER");

    private static bool IsSafeExpression(JsonObject node, string kind, ExactValues exact) => kind switch
    {
        "STAR" => !node.Flag("columns") && node["expr"] is null && IsEmpty(node["replace_list"]) && IsEmpty(node["rename_list"])
            && (node.Text("relation_name") is null or "" || exact.IsTable(node.Text("relation_name")!)),
        // It is done once for all values of the query around it that are equal.
        "SUBQUERY" => node.Text("subquery_type") is "SCALAR" or "EXISTS" or "NOT_EXISTS" or "ANY"
            && SqlNodes.Descend(node["subquery"]).Where(part => part.IsClass("COLUMN_REF"))
                .All(part => exact.Of(part) > Exactness.None),
        "FUNCTION" when !ExactValues.IsSafe(node) => false,
        "FUNCTION" when AggregateFunctions.IsAggregate(node) =>
            !node["order_bys"].Items("orders").Any() && IsSafeAggregate(node, exact),
        _ => true,
    };

    private static bool IsSafeAggregate(JsonObject call, ExactValues exact)
    {
        var arguments = call.Items("children").ToList();
        return call.Text("function_name")!.ToLowerInvariant() switch
        {
            "sum" or "avg" => arguments.TrueForAll(argument => exact.Of(argument) == Exactness.Number),
            "min" or "max" => arguments is [var only] && exact.Of(only) > Exactness.None,
            _ => true,
        };
    }

    private static bool IsSafeSelect(JsonObject select, ExactValues exact) =>
        select["qualify"] is null && (select["group_sets"] as JsonArray)?.Count is null or <= 1
        && Keys(select).All(key => exact.Of(key) > Exactness.None)
        && (!select.Items("modifiers").Any(modifier => modifier.Text("type") == "DISTINCT_MODIFIER")
            || select.Items("select_list").All(item => exact.Of(item) > Exactness.None));

    // What rows are grouped by: expressions, or numbers and names of those that are selected.
    private static IEnumerable<JsonNode?> Keys(JsonObject select)
    {
        var items = select.Items("select_list").ToList();
        return select.Text("aggregate_handling") == "FORCE_AGGREGATES"
            ? items.Where(item => !HasAggregate(item))
            : select.Items("group_expressions").Select(key => NumberOf(key) is { } number
                ? number >= 1 && number <= items.Count ? items[number - 1] : null : key);
    }

    private static bool HasAggregate(JsonObject expression) =>
        SqlNodes.Descend(expression, intoSubqueries: false).Any(AggregateFunctions.IsAggregate);

    private static int? NumberOf(JsonObject expression) =>
        expression.IsClass("CONSTANT") && expression["value"]?["type"].Text("id") != "DECIMAL"
        && expression["value"]?["value"] is JsonValue value
        && value.TryGetValue<int>(out var number) ? number : null;

    private static bool IsEmpty(JsonNode? list) => list is null || (list is JsonArray array && array.Count == 0)
        || (list is JsonObject map && map.Count == 0);

    private static ThreadedQuery? Ordered(
        JsonObject query, ExactValues exact, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        if (query.Text("type") != "SELECT_NODE")
        {
            return null;
        }

        var items = query.Items("select_list").ToList();
        var keys = Keys(query).ToList();
        if (keys.Count == 0 && items.Append(query["having"] as JsonObject).OfType<JsonObject>().Any(HasAggregate))
        {
            // One row.
            return new ThreadedQuery(query);
        }

        var order = query.Items("modifiers").FirstOrDefault(modifier => modifier.Text("type") == "ORDER_MODIFIER");
        if ((order is null && keys.Count == 0) || items.Exists(item => item.IsClass("STAR"))
            || order.Items("orders").Any(each => each["expression"].IsClass("STAR")))
        {
            // Of an order that nobody asked for, rows that are not grouped may be too many.
            return null;
        }

        var places = keys.ConvertAll(key => items.FindIndex(item => IsKey(item, key!, exact)));
        var sources = keys.Zip(places, (key, place) => place < 0 ? (JsonObject)key! : items[place]).ToList();
        var isDistinct = query.Items("modifiers").Any(modifier => modifier.Text("type") == "DISTINCT_MODIFIER");
        if (isDistinct && order.Items("orders").Any(each => PlaceOf((JsonObject)each["expression"]!, items) is null))
        {
            // Of rows that are alike in what is selected, one that came first gives the key.
            return null;
        }

        if (places.Count == 0 || places.Contains(-1) || isDistinct)
        {
            if (!items.TrueForAll(item => exact.Of(item) > Exactness.None))
            {
                return null;
            }

            places = [.. Enumerable.Range(0, items.Count)];
        }

        var columns = places.ConvertAll(place => place + 1);
        if (order is not null || Chooses(query))
        {
            return new ThreadedQuery(Ordered(query, columns));
        }

        return KeysOf(query, sources, tables) is { } all
            ? new ThreadedQuery(query, new UnorderedGroups(string.Join(", ", columns.Distinct()), all)) : null;
    }

    // The columns that keys are made of, of all rows of the query's one table, whichever of them it leaves out.
    private static JsonObject? KeysOf(
        JsonObject query, IEnumerable<JsonObject> keys, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        if (query["from_table"].Text("type") != "BASE_TABLE" || query["cte_map"].Items("map").Any()
            || SqlNodes.Descend(query).Count(node => node["class"] is null && node.Text("type") == "BASE_TABLE") != 1)
        {
            return null;
        }

        var read = keys.SelectMany(key => SqlNodes.Descend(key)).Where(node => node.IsClass("COLUMN_REF"))
            .Select(node => SqlNodes.ColumnNames(node)[^1]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var known = tables.GetValueOrDefault(query["from_table"].Text("table_name")!) ?? [];
        if (read.Count == 0 || read.Exists(name =>
            !known.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))))
        {
            return null;
        }

        var select = SqlNodes.SelectOf(read.ConvertAll(name => SqlNodes.Column(name)));
        select["from_table"] = query["from_table"]!.DeepClone();
        return select;
    }

    // A name that groups rows is that of a column before it is that of an expression.
    private static bool IsKey(JsonObject item, JsonNode key, ExactValues exact) => ReferenceEquals(item, key)
        || SqlNodes.Key(item) == SqlNodes.Key(key) || (IsNamed(item, key) && exact.IsUnique(item.Text("alias")!));

    private static bool IsNamed(JsonObject item, JsonNode? name) =>
        name.IsClass("COLUMN_REF") && SqlNodes.ColumnNames((JsonObject)name!) is [var only]
        && string.Equals(item.Text("alias"), only, StringComparison.OrdinalIgnoreCase);

    private static JsonObject Ordered(JsonObject query, IEnumerable<int> columns)
    {
        var copy = (JsonObject)query.DeepClone();
        var modifiers = (JsonArray)copy["modifiers"]!;
        if (modifiers.OfType<JsonObject>().FirstOrDefault(modifier => modifier.Text("type") == "ORDER_MODIFIER") is not { } order)
        {
            order = new JsonObject { ["type"] = "ORDER_MODIFIER", ["orders"] = new JsonArray() };

            // As the engine has them: what makes rows distinct, their order, their number.
            modifiers.Insert(modifiers.OfType<JsonObject>().TakeWhile(modifier => !IsLimit(modifier)).Count(), order);
        }

        var orders = (JsonArray)order["orders"]!;
        var items = query.Items("select_list").ToList();
        var known = orders.OfType<JsonObject>().Select(each => PlaceOf((JsonObject)each["expression"]!, items)).ToHashSet();
        foreach (var column in columns.Where(column => !known.Contains(column)))
        {
            orders.Add(new JsonObject
            {
                ["type"] = "ORDER_DEFAULT",
                ["null_order"] = "ORDER_DEFAULT",
                ["expression"] = SqlNodes.Number(column),
            });
        }

        return copy;
    }

    // The number of the selected expression that rows are ordered by: a name is that of an expression before it is a column's.
    private static int? PlaceOf(JsonObject key, List<JsonObject> items)
    {
        if (NumberOf(key) is { } number)
        {
            return number;
        }

        var named = items.FindAll(item => IsNamed(item, key));
        var place = named.Count > 0 ? items.IndexOf(named[0]) : items.FindIndex(item => SqlNodes.Key(item) == SqlNodes.Key(key));
        return named.Count < 2 && place >= 0 ? place + 1 : null;
    }

    private static bool IsLimit(JsonObject modifier) => modifier.Text("type") is "LIMIT_MODIFIER" or "LIMIT_PERCENT_MODIFIER";
}

/// <summary>What would order the rows of groups.</summary>
/// <param name="OrderBy">Numbers of columns.</param>
/// <param name="Keys">A query of the keys of all rows.</param>
internal sealed record UnorderedGroups(string OrderBy, JsonObject Keys);
