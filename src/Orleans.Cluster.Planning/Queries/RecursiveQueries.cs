using System.Text.Json.Nodes;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Recursive common table expressions. One task runs them; each round of a recursive part, and each of its rows, draws a number
/// of a sequence that ends.
/// </summary>
internal static class RecursiveQueries
{
    /// <summary>Whether a node is one.</summary>
    public static bool IsRecursive(JsonNode? node) => node.Text("type") == "RECURSIVE_CTE_NODE";

    /// <summary>Names in reach inside of a common table expression: those before it, and its own where it is recursive.</summary>
    public static IReadOnlyList<string> NamesInside(JsonObject entry, IReadOnlyList<string> before) =>
        IsRecursive(entry["value"]?["query"]?["node"]) ? [.. before, entry.Text("key")!] : before;

    /// <summary>Bounds each recursive part of a query.</summary>
    public static void Bound(JsonObject query)
    {
        foreach (var node in SqlNodes.Descend(query).Where(IsRecursive).ToList())
        {
            var step = SqlNodes.Derived((JsonObject)node["right"]!, OwnName.Prefix + "step", []);
            var round = SqlNodes.Call("nextval", SqlNodes.Constant(TaskSpec.RecursionRounds));
            round["alias"] = "n";
            var bounded = SqlNodes.SelectAll(
                SqlNodes.CrossJoin(step, SqlNodes.Derived(SqlNodes.SelectOf(round), OwnName.Prefix + "round", [])));
            bounded["select_list"]![0]!["relation_name"] = OwnName.Prefix + "step";
            bounded["where_clause"] = SqlNodes.Conjunction(all: true,
            [
                IsPositive(SqlNodes.Column(OwnName.Prefix + "round", "n")),
                IsPositive(SqlNodes.Call("nextval", SqlNodes.Constant(TaskSpec.RecursionRows))),
            ]);
            node["right"] = bounded;
        }
    }

    private static JsonObject IsPositive(JsonObject number) =>
        SqlNodes.Compare("COMPARE_GREATERTHAN", number, SqlNodes.Number(0));
}
