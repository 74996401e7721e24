using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Whether a condition is surely not true for any row of a file, by the values of its folders alone: texts byte by byte, whole
/// numbers, and dates written as dates are. A comparison of anything else may be true.
/// </summary>
internal sealed class FolderTest(PlainCondition query)
{
    /// <summary>Whether no row of a file with these folders can meet the condition.</summary>
    public bool Excludes(JsonObject condition, IReadOnlyDictionary<string, string> folders)
    {
        switch (condition.Text("type"))
        {
            case "CONJUNCTION_AND":
                return condition.Items("children").Any(child => Excludes(child, folders));
            case "CONJUNCTION_OR":
                return condition.Items("children").All(child => Excludes(child, folders));
            case "COMPARE_IN":
                var (value, others) = (condition.Items("children").First(), condition.Items("children").Skip(1).ToList());
                return others.Count > 0 && others.TrueForAll(other => Excludes("COMPARE_EQUAL", value, other, folders));
            case "COMPARE_BETWEEN":
                return condition["input"] is JsonObject input
                    && ((condition["lower"] is JsonObject lower
                        && Excludes("COMPARE_GREATERTHANOREQUALTO", input, lower, folders))
                        || (condition["upper"] is JsonObject upper
                            && Excludes("COMPARE_LESSTHANOREQUALTO", input, upper, folders)));
            case { } type when condition["left"] is JsonObject left && condition["right"] is JsonObject right:
                return Excludes(type, left, right, folders) || Excludes(Turned(type), right, left, folders);
            default:
                return false;
        }
    }

    private bool Excludes(string type, JsonObject column, JsonObject constant, IReadOnlyDictionary<string, string> folders)
    {
        if (query.ColumnOf(column) is not { } schema || FolderOf(schema.Name, folders) is not { } folder
            || ConstantOf(constant) is not { } other)
        {
            return false;
        }

        // NULL compared with anything is not true.
        if (folder == FolderName.NullValue)
        {
            return IsComparison(type);
        }

        return Compare(schema.Type, folder, other) is { } order && type switch
        {
            "COMPARE_EQUAL" => order != 0,
            "COMPARE_NOTEQUAL" => order == 0,
            "COMPARE_LESSTHAN" => order >= 0,
            "COMPARE_LESSTHANOREQUALTO" => order > 0,
            "COMPARE_GREATERTHAN" => order <= 0,
            "COMPARE_GREATERTHANOREQUALTO" => order < 0,
            _ => false,
        };
    }

    private static bool IsComparison(string type) =>
        type is "COMPARE_EQUAL" or "COMPARE_NOTEQUAL" or "COMPARE_LESSTHAN" or "COMPARE_LESSTHANOREQUALTO"
        or "COMPARE_GREATERTHAN" or "COMPARE_GREATERTHANOREQUALTO";

    private static string Turned(string type) => type switch
    {
        "COMPARE_LESSTHAN" => "COMPARE_GREATERTHAN",
        "COMPARE_LESSTHANOREQUALTO" => "COMPARE_GREATERTHANOREQUALTO",
        "COMPARE_GREATERTHAN" => "COMPARE_LESSTHAN",
        "COMPARE_GREATERTHANOREQUALTO" => "COMPARE_LESSTHANOREQUALTO",
        _ => type,
    };

    // Text that is compared with a number would be read as one, and a number with a text the other way round: that is left to the
    // engine.
    private static int? Compare(string type, string folder, (string Type, string Text) other) => (type, other.Type) switch
    {
        ("VARCHAR", "VARCHAR") => Encoding.UTF8.GetBytes(folder).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other.Text)),
        ("TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT", "NUMBER") when Whole(folder) is { } left
            && Whole(other.Text) is { } right => left.CompareTo(right),
        ("DATE", "DATE" or "VARCHAR") when Day(folder) is { } left && Day(other.Text) is { } right => left.CompareTo(right),
        _ => null,
    };

    private static long? Whole(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateOnly? Day(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static string? FolderOf(string column, IReadOnlyDictionary<string, string> folders) =>
        folders.FirstOrDefault(pair => string.Equals(pair.Key, column, StringComparison.OrdinalIgnoreCase)).Value;

    private static (string Type, string Text)? ConstantOf(JsonObject expression)
    {
        if (expression.IsClass("CAST") && expression["child"] is JsonObject child)
        {
            return expression["cast_type"].Text("id") == "DATE" && !expression.Flag("try_cast")
                && ConstantOf(child) is ("VARCHAR", var day) ? ("DATE", day) : null;
        }

        if (!expression.IsClass("CONSTANT") || expression["value"] is not JsonObject value || value.Flag("is_null"))
        {
            return null;
        }

        return value["type"].Text("id") switch
        {
            "VARCHAR" => value.Text("value") is { } text ? ("VARCHAR", text) : null,
            "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" => value["value"] is { } number
                ? ("NUMBER", number.ToJsonString())
                : null,
            _ => null,
        };
    }
}
