using System.Text.Json.Nodes;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// The functions <c>range</c> and <c>generate_series</c> in the place of tables: rows from nothing, so they have a bound.
/// </summary>
internal static class SqlSeries
{
    /// <summary>Rows of all series of a query at most.</summary>
    public const long MaxRows = 10_000_000;

    /// <summary>Whether a table function of that name is one.</summary>
    public static bool IsSeries(string? function) => function is "range" or "generate_series";

    /// <summary>Every series of a tree.</summary>
    public static IEnumerable<(string Function, JsonObject Table)> Of(JsonNode? node) => node switch
    {
        JsonObject item when item["class"] is null && item["function"] is JsonObject function
            && function["function_name"]?.ToString() is { } name && IsSeries(name) => [(name, item)],
        JsonObject item => item.Select(member => member.Value).SelectMany(Of),
        JsonArray list => list.SelectMany(Of),
        _ => [],
    };
}
