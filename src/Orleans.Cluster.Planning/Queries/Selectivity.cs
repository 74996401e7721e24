using System.Text.Json.Nodes;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Shares of rows that conditions keep, guessed from their form alone.</summary>
internal static class Selectivity
{
    /// <summary>Share that meets all conditions, in (0, 1].</summary>
    public static double Of(IEnumerable<JsonObject> conditions) =>
        Math.Max(1e-6, conditions.Aggregate(1.0, (share, condition) => share * Of(condition)));

    private static double Of(JsonObject condition) => condition.Text("type") switch
    {
        "COMPARE_EQUAL" => 0.1,
        "COMPARE_IN" => Math.Min(0.5, 0.1 * (condition.Items("children").Count() - 1)),
        "COMPARE_BETWEEN" => 0.25,
        "COMPARE_LESSTHAN" or "COMPARE_GREATERTHAN" or "COMPARE_LESSTHANOREQUALTO" or "COMPARE_GREATERTHANOREQUALTO" => 0.4,
        "COMPARE_NOTEQUAL" or "COMPARE_NOT_IN" or "OPERATOR_IS_NOT_NULL" => 0.95,
        "CONJUNCTION_AND" => Of(condition.Items("children")),
        "CONJUNCTION_OR" => Math.Min(1, condition.Items("children").Sum(Of)),
        "FUNCTION" when condition.Text("function_name") is "~~" or "contains" or "starts_with" or "prefix" => 0.2,
        _ => 0.6,
    };
}
