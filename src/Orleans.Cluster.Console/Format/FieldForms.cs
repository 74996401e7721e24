using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.WebConsole.Format;

/// <summary>How a field of a job's form is written as text, and read back.</summary>
internal static partial class FieldForms
{
    // Delimiters that cannot be seen in a field, or typed into it.
    private static readonly (string Word, string Text)[] Delimiters = [("tab", "\t"), ("\\t", "\t"), ("space", " ")];

    /// <summary>What was written as JSON; null for nothing.</summary>
    /// <exception cref="FormatException">The text does not have the field's form; the message says which it has.</exception>
    public static JsonNode? Read(FieldKind kind, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        return kind switch
        {
            FieldKind.Columns => new JsonArray([.. Parts(text).Select(part => (JsonNode)part)]),
            FieldKind.Number => decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number)
                ? JsonValue.Create(number)
                : throw new FormatException("Write a number."),
            FieldKind.Flag => text == "true" ? JsonValue.Create(true) : null,
            FieldKind.YesOrNo => JsonValue.Create(text == "yes"),
            FieldKind.Delimiter => JsonValue.Create(Delimiters.FirstOrDefault(known => known.Word == text.Trim()).Text ?? text),
            FieldKind.Order => new JsonArray([.. Parts(text).Select(Order)]),
            FieldKind.Aggregates =>
                new JsonArray([.. text.Split('\n').Where(line => !string.IsNullOrWhiteSpace(line)).Select(Aggregate)]),
            _ => JsonValue.Create(text),
        };
    }

    /// <summary>The text of a value.</summary>
    public static string Write(FieldKind kind, JsonNode? value) => (kind, value) switch
    {
        (_, null) => "",
        (FieldKind.Columns, JsonArray columns) => string.Join(", ", columns.Select(column => column?.ToString())),
        (FieldKind.Order, JsonArray orders) => string.Join(", ", orders.Select(order => order is JsonObject by
            ? $"{by["column"]}{(by["descending"]?.GetValue<bool>() == true ? " desc" : "")}" : order?.ToString())),
        (FieldKind.Aggregates, JsonArray aggregates) => string.Join('\n', aggregates.OfType<JsonObject>().Select(Line)),
        (FieldKind.Flag, _) => value.ToString() == "true" ? "true" : "",
        (FieldKind.YesOrNo, _) => value.ToString() == "true" ? "yes" : "no",
        (FieldKind.Delimiter, _) =>
            Delimiters.FirstOrDefault(known => known.Text == value.ToString()).Word ?? value.ToString(),
        _ => value.ToString(),
    };

    private static string Line(JsonObject of)
    {
        var inner = of["column"]?.ToString() ?? "";
        var distinct = of["distinct"]?.ToString() == "true" ? "distinct " : "";
        return $"{of["function"]}({distinct}{inner}){(of["as"] is { } name ? $" as {name}" : "")}";
    }

    private static JsonNode Order(string text)
    {
        var descending = text.EndsWith(" desc", StringComparison.OrdinalIgnoreCase);
        var column = descending ? text[..^5].Trim() : text.EndsWith(" asc", StringComparison.OrdinalIgnoreCase)
            ? text[..^4].Trim() : text;
        return descending
            ? new JsonObject { ["column"] = column, ["descending"] = true }
            : new JsonObject { ["column"] = column };
    }

    private static JsonNode Aggregate(string line)
    {
        var found = AggregateLine().Match(line.Trim());
        if (!found.Success)
        {
            throw new FormatException("Write one aggregate a line, such as: sum(count) as total");
        }

        var made = new JsonObject { ["function"] = found.Groups["function"].Value.ToLowerInvariant() };
        if (found.Groups["column"].Value is { Length: > 0 } column && column != "*")
        {
            made["column"] = column;
        }

        if (found.Groups["distinct"].Success)
        {
            made["distinct"] = true;
        }

        if (found.Groups["as"].Success)
        {
            made["as"] = found.Groups["as"].Value;
        }

        return made;
    }

    private static IEnumerable<string> Parts(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("""^(?<function>\w+)\s*\(\s*((?<distinct>distinct)\s+)?(?<column>.*?)\s*\)(\s+as\s+(?<as>.+))?$""",
        RegexOptions.IgnoreCase)]
    private static partial Regex AggregateLine();
}

/// <summary>What a field holds.</summary>
public enum FieldKind
{
    Text,
    Expression,
    Columns,
    Number,
    Flag,
    Order,
    Aggregates,
    YesOrNo,
    Delimiter,
}
