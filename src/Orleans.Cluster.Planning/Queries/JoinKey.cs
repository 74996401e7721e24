using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>One pair of expressions that must be equal, one from each side of a join.</summary>
/// <param name="Left">Rendered, over the left side.</param>
/// <param name="Right">Rendered, over the right side.</param>
/// <param name="LeftColumn">The left side's column, if it is one.</param>
/// <param name="RightColumn">The right side's column, if it is one.</param>
/// <param name="Type">Type in which both are hashed: values that compare as equal have one hash in it.</param>
internal sealed record JoinKey(string Left, string Right, string? LeftColumn, string? RightColumn, string Type)
{
    /// <summary>The keys of a join; conditions of another form are none.</summary>
    public static async Task<IReadOnlyList<JoinKey>> Find(
        PlanDraft draft, Relation left, Relation right, IEnumerable<JsonObject> conditions)
    {
        var keys = new List<JoinKey>();
        foreach (var condition in conditions)
        {
            if (Sides(condition, left.Names, right.Names) is not var (one, other))
            {
                continue;
            }

            var (oneText, otherText) = (await draft.RenderExpression(one), await draft.RenderExpression(other));
            var type = StoredTypes.Common(await TypeOf(draft, left, oneText), await TypeOf(draft, right, otherText));
            if (type is not null)
            {
                keys.Add(new JoinKey(oneText, otherText, ColumnOf(one), ColumnOf(other), type));
            }
        }

        return keys;
    }

    /// <summary>
    /// The two sides of an equality between two tables, the first over the first one's columns; null for anything else.
    /// </summary>
    public static (JsonObject One, JsonObject Other)? Sides(
        JsonObject condition, IReadOnlySet<string> first, IReadOnlySet<string> second)
    {
        if (condition.Text("type") is not ("COMPARE_EQUAL" or "COMPARE_NOT_DISTINCT_FROM") || Predicates.HasSubquery(condition)
            || condition["left"] is not JsonObject left || condition["right"] is not JsonObject right)
        {
            return null;
        }

        return IsOf(left, first) && IsOf(right, second) ? (left, right)
            : IsOf(left, second) && IsOf(right, first) ? (right, left)
            : null;
    }

    /// <summary>The column that an expression is; null for any other.</summary>
    public static string? ColumnOf(JsonObject expression) =>
        expression.IsClass("COLUMN_REF") && SqlNodes.ColumnNames(expression) is [var name] ? name : null;

    private static bool IsOf(JsonObject expression, IReadOnlySet<string> columns) =>
        SqlNodes.References(expression).Any() && Predicates.IsOver(expression, columns);

    private static async Task<string> TypeOf(PlanDraft draft, Relation relation, string expression) =>
        (await draft.BindOver(relation.Inputs, $"SELECT {expression} AS k FROM {relation.Source}"))[0].Type;
}
