using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// What a query would make of its literals alone: the engine computes constants while it binds, before any limit of a task holds,
/// and reads the structures of JSON by recursion. Sizes that are written as numbers, or as sums and products of numbers, are seen
/// here; the caps of the process that binds are for all others.
/// </summary>
internal static class SqlTreeSizes
{
    /// <summary>Elements or characters that one expression may make of literals.</summary>
    public const long MaxMade = 1_000_000;

    /// <summary>Characters of a structure for JSON.</summary>
    public const int MaxStructureLength = 65_536;

    /// <summary>Levels of a structure for JSON.</summary>
    public const int MaxStructureDepth = 100;

    private static readonly FrozenSet<string> Makers = Set(
        "repeat range generate_series lpad rpad array_resize list_resize bar");

    private static readonly FrozenSet<string> Structured = Set("from_json from_json_strict json_transform json_transform_strict");

    /// <summary>Why a call may not be made; null when it may.</summary>
    public static string? FindFault(JsonObject call, string function)
    {
        if (Structured.Contains(function))
        {
            return FindStructureFault(call, function);
        }

        return Makers.Contains(function) && Made(call) > MaxMade
            ? $"The function {function} would make more than {MaxMade} elements or characters of constants. Give it smaller "
            + "numbers."
            : null;
    }

    private static string? FindStructureFault(JsonObject call, string function)
    {
        if (Children(call) is not [_, { } second] || Literal(second) is not { } structure)
        {
            return $"The function {function} needs its structure as a literal text.";
        }

        if (structure.Length > MaxStructureLength)
        {
            return $"The structure of {function} has {structure.Length} characters; at most {MaxStructureLength} are allowed.";
        }

        var (depth, deepest) = (0, 0);
        foreach (var c in structure)
        {
            depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
            deepest = Math.Max(deepest, depth);
        }

        return deepest > MaxStructureDepth
            ? $"The structure of {function} is nested {deepest} levels deep; at most {MaxStructureDepth} are allowed."
            : null;
    }

    // A double, so that products cannot overflow.
    private static double Made(JsonNode? node) => node switch
    {
        JsonObject item when Word(item, "class") == "CONSTANT" => Literal(item)?.Length ?? 1,
        JsonObject item when Word(item, "function_name") is { } function => MadeBy(function.ToLowerInvariant(), item),
        JsonObject item => Math.Max(1, item.Where(pair => pair.Value is JsonObject or JsonArray).Sum(pair => Made(pair.Value))),
        JsonArray list => list.Where(child => child is JsonObject or JsonArray).Sum(Made),
        _ => 0,
    };

    private static double MadeBy(string function, JsonObject call)
    {
        var children = Children(call);
        double Count(int index) => index < children.Count ? Math.Abs(Number(children[index]) ?? 1) : 1;
        return function switch
        {
            "repeat" => Made(children.FirstOrDefault()) * Count(1),
            "range" or "generate_series" => Span(children),
            "lpad" or "rpad" => Made(children.FirstOrDefault()) + Count(1),
            "array_resize" or "list_resize" => Made(children.FirstOrDefault())
                + (Count(1) * Math.Max(1, Made(children.ElementAtOrDefault(2)))),
            "bar" => Count(3),
            _ => Math.Max(1, children.Sum(Made)),
        };
    }

    private static double Span(IReadOnlyList<JsonNode?> children)
    {
        var numbers = children.Select(Number).ToList();
        if (numbers.Contains(null))
        {
            return 1;
        }

        return numbers switch
        {
            [{ } end] => Math.Abs(end),
            [{ } start, { } end] => Math.Abs(end - start),
            [{ } start, { } end, { } step] => Math.Abs((end - start) / (step == 0 ? 1 : step)),
            _ => 1,
        };
    }

    // The value of an expression of literals; null where it depends on anything else.
    private static double? Number(JsonNode? node)
    {
        if (node is not JsonObject item)
        {
            return null;
        }

        if (item["child"] is JsonObject cast && Word(item, "class") == "CAST")
        {
            return Number(cast);
        }

        if (Word(item, "class") == "CONSTANT")
        {
            return double.TryParse(
                (item["value"] as JsonObject)?["value"]?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture,
                out var number) ? number : null;
        }

        var operands = Children(item).Select(Number).ToList();
        return (Word(item, "function_name"), operands) switch
        {
            ("+" or "add", [{ } a, { } b]) => a + b,
            ("-" or "subtract", [{ } a, { } b]) => a - b,
            ("-", [{ } a]) => -a,
            ("*" or "multiply", [{ } a, { } b]) => a * b,
            ("/" or "//" or "divide", [{ } a, { } b]) => a / b,
            ("**" or "^" or "pow" or "power", [{ } a, { } b]) => Math.Pow(a, b),
            ("<<", [{ } a, { } b]) => a * Math.Pow(2, b),
            _ => null,
        };
    }

    private static string? Literal(JsonNode? node) => node switch
    {
        JsonObject item when Word(item, "class") == "CAST" => Literal(item["child"]),
        JsonObject item when Word(item, "class") == "CONSTANT" => Word(item["value"] as JsonObject, "value"),
        _ => null,
    };

    private static IReadOnlyList<JsonNode?> Children(JsonObject call) =>
        call["children"] is JsonArray children ? [.. children] : [];

    private static string? Word(JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
