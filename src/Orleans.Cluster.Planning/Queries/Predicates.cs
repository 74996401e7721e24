using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Conditions in a form that can be tested early: what all branches of an OR demand is taken out of it.</summary>
internal static class Predicates
{
    /// <summary>
    /// The conditions, and beside them those that follow: <c>(a AND b) OR (a AND c)</c> demands <c>a</c>, and what each branch
    /// demands of one table demands their OR of that table.
    /// </summary>
    /// <param name="conditions">Conditions that must all hold.</param>
    /// <param name="tables">Names of columns, table by table.</param>
    public static IReadOnlyList<JsonObject> WithImplied(
        IReadOnlyList<JsonObject> conditions, IReadOnlyList<IReadOnlySet<string>> tables)
    {
        var all = conditions.ToList();
        foreach (var condition in conditions.Where(condition => condition.Text("type") == "CONJUNCTION_OR"
            && !HasSubquery(condition)))
        {
            var branches = condition.Items("children").Select(branch => SqlNodes.Conjuncts(branch).ToList()).ToList();
            all.AddRange(InAll(branches));
            all.AddRange(tables.Select(table => OfTable(branches, table)).OfType<JsonObject>());
        }

        return [.. all.DistinctBy(SqlNodes.Key)];
    }

    /// <summary>Whether an expression holds a subquery.</summary>
    public static bool HasSubquery(JsonObject expression) => SqlNodes.Descend(expression).Any(node => node.IsClass("SUBQUERY"));

    /// <summary>Whether every column that an expression reads is one of these.</summary>
    public static bool IsOver(JsonObject expression, IReadOnlySet<string> columns) =>
        SqlNodes.References(expression).All(columns.Contains);

    private static IEnumerable<JsonObject> InAll(List<List<JsonObject>> branches) =>
        branches[0]
        .Where(condition =>
            branches.TrueForAll(branch => branch.Exists(other => SqlNodes.Key(other) == SqlNodes.Key(condition))));

    // A branch that demands nothing of the table lets every row of it through, so there is nothing to demand.
    private static JsonObject? OfTable(List<List<JsonObject>> branches, IReadOnlySet<string> table)
    {
        var demands = branches.ConvertAll(branch => branch.Where(c => SqlNodes.References(c).Any() && IsOver(c, table)).ToList());
        return demands.TrueForAll(branch => branch.Count > 0)
            ? SqlNodes.Conjunction(all: false, [.. demands.Select(branch => SqlNodes.Conjunction(all: true, branch))])
            : null;
    }
}
