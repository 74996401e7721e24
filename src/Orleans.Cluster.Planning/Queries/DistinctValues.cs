using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>How many different values an expression has at most, guessed from its form and the columns that it reads.</summary>
internal static class DistinctValues
{
    /// <summary>Values of an expression over a relation.</summary>
    public static double Of(JsonObject expression, Relation rows) => expression.Text("class") switch
    {
        "CONSTANT" => 1,
        "COLUMN_REF" => rows.DistinctOf(JoinKey.ColumnOf(expression)),
        "COMPARISON" or "CONJUNCTION" or "BETWEEN" => 3,
        "FUNCTION" when expression.Text("function_name") is "date_part" or "year" or "month" or "day" or "hour" or "quarter"
            or "week" => 366,
        _ => Math.Min(rows.Size.Rows, SqlNodes.References(expression).Distinct(StringComparer.OrdinalIgnoreCase)
            .Aggregate(1.0, (product, name) => product * rows.DistinctOf(name))),
    };
}
