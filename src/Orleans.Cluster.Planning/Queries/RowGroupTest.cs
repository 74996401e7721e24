using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Turns a condition on rows into one on the statistics of row groups, which is false only where the first is true for no row.
/// The engine compares: a bound has the column's own type, so that it is compared with a constant as the column's values are.
/// Only constants that leave the order of the column as it is are looked at, and what is not sure may be true.
/// </summary>
internal sealed class RowGroupTest(PlainCondition query)
{
    private static readonly HashSet<string> Whole = new(StringComparer.Ordinal)
    {
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    };

    // The engine takes time by their square; a list of so many constants leaves out little.
    private const int MostComparisons = 500;

    private readonly List<string> columns = [];
    private int comparisons;

    /// <summary>Columns that the condition is about, in the order of their numbers.</summary>
    public IReadOnlyList<string> Columns => columns;

    /// <summary>The condition on row groups; null when any row group may hold rows that the query needs.</summary>
    public JsonObject? Of(JsonObject condition) =>
        Translate(condition) is { } found && comparisons <= MostComparisons ? found : null;

    private JsonObject? Translate(JsonObject condition)
    {
        switch (condition.Text("type"))
        {
            case "CONJUNCTION_AND":
                return All(condition.Items("children").Select(Translate));
            case "CONJUNCTION_OR":
                return Any(condition.Items("children").Select(Translate));
            case "COMPARE_IN":
                var (value, others) = (condition.Items("children").First(), condition.Items("children").Skip(1));
                return Any(others.Select(other => Compare("COMPARE_EQUAL", value, other)));
            case "COMPARE_BETWEEN":
                return condition["input"] is JsonObject input && condition["lower"] is JsonObject lower
                    && condition["upper"] is JsonObject upper ? Between(input, lower, upper) : null;
            case "OPERATOR_IS_NULL":
                return NullsOf(condition) is { } some ? SqlNodes.Compare("COMPARE_GREATERTHAN", some, SqlNodes.Number(0)) : null;
            case "OPERATOR_IS_NOT_NULL":
                return NullsOf(condition) is { } nulls
                    ? SqlNodes.Compare("COMPARE_LESSTHAN", nulls, SqlNodes.Column(RowGroupStatistics.Rows))
                    : null;
            case { } type when condition["left"] is JsonObject left && condition["right"] is JsonObject right:
                return Compare(type, left, right) ?? Compare(Turned(type), right, left);
            default:
                return null;
        }
    }

    private JsonObject? NullsOf(JsonObject condition) =>
        condition.Items("children").ToList() is [var only] && query.ColumnOf(only) is { } column
            ? SqlNodes.Column(RowGroupStatistics.Nulls(NumberOf(column)))
            : null;

    private JsonObject? Between(JsonObject input, JsonObject lower, JsonObject upper)
    {
        const string AtLeast = "COMPARE_GREATERTHANOREQUALTO";
        var below = Compare("COMPARE_LESSTHANOREQUALTO", input, upper);
        // A NaN is above any number, and so not between two of them.
        return query.ColumnOf(input) is { } column && IsFloat(column.Type) && IsOrdered(column.Type, lower) && below is not null
            ? All([Bound(column, RowGroupStatistics.Greatest, AtLeast, lower), below])
            : All([Compare(AtLeast, input, lower), below]);
    }

    private JsonObject? Compare(string type, JsonObject value, JsonObject constant)
    {
        if (query.ColumnOf(value) is not { } column || !IsOrdered(column.Type, constant))
        {
            return null;
        }

        var bounds = type switch
        {
            "COMPARE_LESSTHAN" or "COMPARE_LESSTHANOREQUALTO" => Bound(column, RowGroupStatistics.Least, type, constant),
            // The greatest number of a column says nothing of a NaN in it, which is above any.
            "COMPARE_GREATERTHAN" or "COMPARE_GREATERTHANOREQUALTO" when !IsFloat(column.Type) =>
                Bound(column, RowGroupStatistics.Greatest, type, constant),
            "COMPARE_EQUAL" => All(
            [
                Bound(column, RowGroupStatistics.Least, "COMPARE_LESSTHANOREQUALTO", constant),
                Bound(column, RowGroupStatistics.Greatest, "COMPARE_GREATERTHANOREQUALTO", constant),
            ]),
            "COMPARE_NOTEQUAL" when !IsFloat(column.Type) => Any(
            [
                Bound(column, RowGroupStatistics.Least, type, constant),
                Bound(column, RowGroupStatistics.Greatest, type, constant),
            ]),
            _ => null,
        };

        // NULL compared with anything is not true.
        var nulls = SqlNodes.Column(RowGroupStatistics.Nulls(NumberOf(column)));
        return bounds is null
            ? null
            : All([bounds, SqlNodes.Compare("COMPARE_LESSTHAN", nulls, SqlNodes.Column(RowGroupStatistics.Rows))]);
    }

    // A constant that cannot be compared, as a day that no month has, makes it NULL: the query itself will say so.
    private JsonObject Bound(ColumnSchema column, Func<int, string> bound, string type, JsonObject constant)
    {
        comparisons++;
        return Try(SqlNodes.Compare(type, SqlNodes.Column(bound(NumberOf(column))), constant));
    }

    private int NumberOf(ColumnSchema column)
    {
        var known = columns.IndexOf(column.Name);
        if (known < 0)
        {
            columns.Add(column.Name);
        }

        return known < 0 ? columns.Count - 1 : known;
    }

    // NULL, where a footer does not say something, is neither true nor false in SQL's own logic: only what is surely false stays
    // so.
    private static JsonObject? All(IEnumerable<JsonObject?> conditions) =>
        conditions.OfType<JsonObject>().ToList() is { Count: > 0 } sure ? SqlNodes.Conjunction(all: true, sure) : null;

    private static JsonObject? Any(IEnumerable<JsonObject?> conditions)
    {
        var all = conditions.ToList();
        return all.Count > 0 && all.TrueForAll(condition => condition is not null)
            ? SqlNodes.Conjunction(all: false, [.. all.OfType<JsonObject>()])
            : null;
    }

    private static JsonObject Try(JsonObject expression) => new()
    {
        ["class"] = "OPERATOR",
        ["type"] = "OPERATOR_TRY",
        ["alias"] = "",
        ["query_location"] = 0,
        ["children"] = new JsonArray(expression),
    };

    private static string Turned(string type) => type switch
    {
        "COMPARE_LESSTHAN" => "COMPARE_GREATERTHAN",
        "COMPARE_LESSTHANOREQUALTO" => "COMPARE_GREATERTHANOREQUALTO",
        "COMPARE_GREATERTHAN" => "COMPARE_LESSTHAN",
        "COMPARE_GREATERTHANOREQUALTO" => "COMPARE_LESSTHANOREQUALTO",
        _ => type,
    };

    private static bool IsFloat(string type) => type is "FLOAT" or "DOUBLE";

    // Whether a comparison with the constant is one in the column's order: the constant takes the column's type, or the column's
    // values a wider one of numbers or of times. Text that is compared with a number would be read as one, in another order.
    private static bool IsOrdered(string type, JsonObject constant) => KindOf(constant) is { } kind && (type switch
    {
        "VARCHAR" => kind == "VARCHAR",
        "FLOAT" or "DOUBLE" => kind == "NUMBER",
        "DATE" or "TIMESTAMP" => kind is "VARCHAR" or "DATE" or "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE" => kind is "VARCHAR" or "DATE" or "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE",
        _ => (Whole.Contains(type) || type.StartsWith("DECIMAL", StringComparison.Ordinal)) && kind is "VARCHAR" or "NUMBER",
    });

    private static string? KindOf(JsonObject expression)
    {
        if (expression.IsClass("CAST") && expression["child"] is JsonObject text)
        {
            return expression.Flag("try_cast") || KindOf(text) != "VARCHAR" ? null : expression["cast_type"].Text("id") switch
            {
                "DATE" => "DATE",
                "TIMESTAMP" => "TIMESTAMP",
                "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP WITH TIME ZONE",
                _ => null,
            };
        }

        if (expression.IsClass("FUNCTION") && expression.Text("function_name") == "-"
            && expression.Items("children").ToList() is [var number])
        {
            return KindOf(number) == "NUMBER" ? "NUMBER" : null;
        }

        return !expression.IsClass("CONSTANT") || expression["value"] is not JsonObject value || value.Flag("is_null") ? null
            : value["type"].Text("id") switch
            {
                "VARCHAR" => "VARCHAR",
                "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "UBIGINT" or "DECIMAL" or "DOUBLE" => "NUMBER",
                _ => null,
            };
    }
}
