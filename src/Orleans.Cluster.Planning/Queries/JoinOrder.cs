using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>In which order relations are joined: from the largest on, always the one next that leaves least to carry.</summary>
internal static class JoinOrder
{
    /// <summary>The relation whose rows stay where they are.</summary>
    public static Relation Largest(IReadOnlyList<Relation> relations) =>
        relations.OrderBy(relation => relation.Spread is Spread.One).ThenByDescending(relation => relation.Size.Bytes).First();

    /// <summary>The relation to join next: one that a key connects if there is any.</summary>
    public static Relation Next(
        PlanLimits limits, Relation current, IReadOnlyList<Relation> others, IReadOnlyList<JsonObject> conditions) =>
        others.Select(other => (other, keys: Keys(current, other, conditions)))
            .OrderBy(pair => pair.keys.Count == 0)
            .ThenBy(pair => Cost(limits, current, pair.other, pair.keys))
            .First().other;

    /// <summary>Columns that conditions make equal have as few values as the one of them that has fewest.</summary>
    public static void ShareDistinct(List<Relation> relations, IReadOnlyList<JsonObject> conditions)
    {
        var changed = true;
        while (changed)
        {
            changed = false;
            foreach (var condition in conditions.Where(condition => condition.Text("type") == "COMPARE_EQUAL"))
            {
                var one = Owner(relations, condition["left"]);
                var other = Owner(relations, condition["right"]);
                if (one is not var (left, leftColumn) || other is not var (right, rightColumn))
                {
                    continue;
                }

                var least = Math.Min(relations[left].DistinctOf(leftColumn), relations[right].DistinctOf(rightColumn));
                changed |= Lower(relations, left, leftColumn, least) | Lower(relations, right, rightColumn, least);
            }
        }
    }

    private static bool Lower(List<Relation> relations, int index, string column, double least)
    {
        if (relations[index].DistinctOf(column) <= least)
        {
            return false;
        }

        relations[index] = relations[index] with
        {
            Distinct = new Dictionary<string, double>(
                relations[index].Distinct, StringComparer.OrdinalIgnoreCase) { [column] = least },
        };
        return true;
    }

    private static (int Index, string Column)? Owner(List<Relation> relations, JsonNode? expression) =>
        expression is JsonObject item && JoinKey.ColumnOf(item) is { } name
        && relations.FindIndex(relation => relation.Names.Contains(name)) is >= 0 and var index
            ? (index, name)
            : null;

    private static List<(string? Left, string? Right)> Keys(
        Relation current, Relation other, IReadOnlyList<JsonObject> conditions) =>
    [
        .. conditions.Select(condition => JoinKey.Sides(condition, current.Names, other.Names)).Where(sides => sides is not null)
            .Select(sides => (JoinKey.ColumnOf(sides!.Value.One), JoinKey.ColumnOf(sides.Value.Other))),
    ];

    // What comes out, and what has to move for it.
    private static double Cost(
        PlanLimits limits, Relation current, Relation other, IReadOnlyList<(string? Left, string? Right)> keys)
    {
        var rows = JoinSize.Rows(current, other, keys);
        var width = (current.Size.Bytes / Math.Max(1, current.Size.Rows)) + (other.Size.Bytes / Math.Max(1, other.Size.Rows));
        var moved = other.Size.Bytes <= limits.BroadcastBytes ? other.Size.Bytes : other.Size.Bytes + current.Size.Bytes;
        return (rows * width) + moved;
    }
}
