using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Puts common table expressions where they are used, as derived tables. Queries call no function whose value changes, so
/// computing one twice gives the same rows; a derived table that occurs several times is computed once by
/// <see cref="SharedTables"/> all the same.
/// </summary>
internal static class CommonTables
{
    // Expressions that use each other twice double the tree with each step.
    private const int MaxNodes = 50_000;

    /// <summary>The query without common table expressions.</summary>
    /// <exception cref="NotSpreadableException">It would become too large, or one of them is recursive.</exception>
    public static JsonObject Inline(JsonObject query)
    {
        if (SqlNodes.Descend(query).Any(RecursiveQueries.IsRecursive))
        {
            throw new NotSpreadableException("a recursive common table expression");
        }

        var nodes = 0;
        return (JsonObject)Inline(query, new Dictionary<string, JsonObject>(), ref nodes)!;
    }

    private static JsonNode? Inline(JsonNode? node, IReadOnlyDictionary<string, JsonObject> visible, ref int nodes)
    {
        if (++nodes > MaxNodes)
        {
            throw new NotSpreadableException("common table expressions that use each other many times");
        }

        switch (node)
        {
            case JsonArray list:
                var items = new JsonArray();
                foreach (var child in list)
                {
                    items.Add(Inline(child, visible, ref nodes));
                }

                return items;
            case JsonObject item when item.Text("type") == "BASE_TABLE" && item["class"] is null:
                return visible.TryGetValue(item.Text("table_name")!, out var expression)
                    ? Derived(item, expression, ref nodes)
                    : item.DeepClone();
            case JsonObject item:
                return InlineObject(item, visible, ref nodes);
            default:
                return node?.DeepClone();
        }
    }

    private static JsonObject InlineObject(JsonObject item, IReadOnlyDictionary<string, JsonObject> visible, ref int nodes)
    {
        var copy = new JsonObject();
        if (item["cte_map"].Items("map").Any())
        {
            // Each expression sees those before it, and hides what has its name further out.
            var inner = new Dictionary<string, JsonObject>(visible, StringComparer.OrdinalIgnoreCase);
            foreach (var entry in item["cte_map"].Items("map"))
            {
                inner[entry.Text("key")!] = (JsonObject)Inline(entry["value"], inner, ref nodes)!;
            }

            visible = inner;
        }

        foreach (var (name, child) in item)
        {
            copy[name] = name == "cte_map" ? new JsonObject { ["map"] = new JsonArray() } : Inline(child, visible, ref nodes);
        }

        return copy;
    }

    private static JsonObject Derived(JsonObject table, JsonObject expression, ref int nodes)
    {
        nodes += SqlNodes.Descend(expression).Count();
        var own = (table["column_name_alias"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).ToList();
        var given = (expression["aliases"] as JsonArray ?? []).Select(name => name!.GetValue<string>());
        return SqlNodes.Derived(
            (JsonObject)expression["query"]!["node"]!, table.Text("alias") is { Length: > 0 } alias
            ? alias
            : table.Text("table_name")!,
            [.. own, .. given.Skip(own.Count)]);
    }
}

/// <summary>Derived tables that a query has several times, so that one stage computes them for all places.</summary>
internal sealed class SharedTables
{
    /// <summary>No table is repeated.</summary>
    public static SharedTables None => new();

    private readonly HashSet<string> repeated;
    private readonly Dictionary<string, StageHandle> stages = [];

    private SharedTables() => repeated = [];

    /// <summary>Finds them in a query without common table expressions.</summary>
    public SharedTables(JsonObject query) =>
        repeated = [.. SqlNodes.Descend(query).Where(node => node.Text("type") == "SUBQUERY" && node["class"] is null)
            .Select(Same).GroupBy(text => text).Where(group => group.Count() > 1).Select(group => group.Key)];

    /// <summary>Whether a derived table occurs several times.</summary>
    public bool IsRepeated(JsonObject table) => repeated.Contains(Same(table));

    /// <summary>The stage that computed it before; null for none.</summary>
    public StageHandle? Find(JsonObject table) => stages.GetValueOrDefault(Same(table));

    /// <summary>Keeps the stage that computes it.</summary>
    public void Add(JsonObject table, StageHandle stage) => stages[Same(table)] = stage;

    /// <summary>Forgets stages from a number on.</summary>
    public void Reset(int count)
    {
        foreach (var key in stages.Where(pair => pair.Value.Index >= count).Select(pair => pair.Key).ToList())
        {
            stages.Remove(key);
        }
    }

    private static string Same(JsonObject table) => SqlNodes.Exact(table["subquery"]!);
}
