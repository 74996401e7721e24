using System.Globalization;
using System.Text.Json;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>A field of a document of the interface, in words.</summary>
/// <param name="Path">Its place: <c>orderBy[].column</c>.</param>
/// <param name="Type">What it is.</param>
/// <param name="Bounds">Its bounds; empty for none.</param>
/// <param name="Default">What it is when not given.</param>
/// <param name="Meaning">What it means.</param>
internal sealed record ReferenceField(string Path, string Type, string Bounds, string Default, string Meaning);

/// <summary>The OpenAPI document that is checked in, which another test holds to be the one that is served.</summary>
internal sealed class ReferenceDocument
{
    // A text of a million characters is a bound for machines, not for readers.
    private const int TellingLength = 10_000;

    private readonly JsonElement schemas = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(Repository.Root, "deploy", "openapi.v1.json")))
        .RootElement.GetProperty("components").GetProperty("schemas");

    /// <summary>All fields of a record, those of its parts behind it.</summary>
    public IReadOnlyList<ReferenceField> Fields(string record) => [.. Fields(schemas.GetProperty(record), "")];

    private IEnumerable<ReferenceField> Fields(JsonElement record, string at)
    {
        var required = record.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        foreach (var property in record.GetProperty("properties").EnumerateObject())
        {
            var path = $"{at}{property.Name}";
            var value = Resolve(property.Value);
            yield return new ReferenceField(
                path, TypeOf(property.Value), BoundsOf(value), required.Contains(property.Name)
                ? "required"
                : DefaultOf(property.Value),
                MeaningOf(property.Value));

            var part = value.TryGetProperty("items", out var items) ? ItemOf(items) : value;
            if (part.TryGetProperty("properties", out _))
            {
                foreach (var field in Fields(part, value.TryGetProperty("items", out _) ? $"{path}[]." : $"{path}."))
                {
                    yield return field;
                }
            }
        }
    }

    // What stands behind a reference or beside null.
    private JsonElement Resolve(JsonElement schema)
    {
        if (schema.TryGetProperty("oneOf", out var forms))
        {
            return Resolve(forms.EnumerateArray().Single(form => !IsNull(form)));
        }

        return schema.TryGetProperty("$ref", out var reference)
            ? schemas.GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;
    }

    private JsonElement ItemOf(JsonElement items) =>
        items.TryGetProperty("anyOf", out var forms) ? Resolve(forms.EnumerateArray().Last()) : Resolve(items);

    private string TypeOf(JsonElement schema)
    {
        var value = Resolve(schema);
        if (value.TryGetProperty("enum", out var words))
        {
            return string.Join(", ", words.EnumerateArray().Select(word => $"`{word.GetString()}`"));
        }

        return Kind(value) switch
        {
            "array" when value.GetProperty("items").TryGetProperty("anyOf", out _) => "list of texts and objects",
            "array" => $"list of {Plural(Kind(Resolve(value.GetProperty("items"))))}",
            "object" when value.TryGetProperty("additionalProperties", out var named)
                && named.ValueKind == JsonValueKind.Object =>
                $"object of {Plural(Kind(Resolve(named)))}",
            "integer" => "whole number",
            "string" => "text",
            "boolean" => "`true` or `false`",
            null => "object",
            var kind => kind,
        };
    }

    private static string Plural(string? kind) => kind == "string" ? "texts" : "objects";

    private static string? Kind(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? null
        : type.ValueKind == JsonValueKind.String ? type.GetString()
        : type.EnumerateArray().Select(one => one.GetString()).Single(one => one != "null");

    private static bool IsNull(JsonElement schema) =>
        schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "null";

    private static string BoundsOf(JsonElement value)
    {
        var (least, most) = (Bound(value, "minimum"), Bound(value, "maximum"));
        if (Bound(value, "exclusiveMinimum") is { } above)
        {
            return $"above {above}" + (most is null ? "" : $" and at most {most}");
        }

        if (least is not null)
        {
            return most is null or "9223372036854775807" ? $"from {least}" : $"{least} to {most}";
        }

        if (value.TryGetProperty("pattern", out var pattern))
        {
            return $"of the form `{pattern.GetString()!.Replace("|", "\\|", StringComparison.Ordinal)}`";
        }

        if (Bound(value, "minItems") is { } items)
        {
            return $"at least {items}";
        }

        return Bound(value, "maxItems") is { } many ? $"at most {many}"
            : value.TryGetProperty("maxLength", out var length) && length.GetInt32() <= TellingLength
            ? $"at most {Bound(value, "maxLength")} characters"
            : "";
    }

    private static string? Bound(JsonElement value, string name) => value.TryGetProperty(name, out var bound)
        ? bound.ValueKind == JsonValueKind.String ? bound.GetString()
        : bound.GetDecimal().ToString("0.##", CultureInfo.InvariantCulture)
        : null;

    private string DefaultOf(JsonElement schema) =>
        schema.TryGetProperty("default", out var value) || Resolve(schema).TryGetProperty("default", out value)
            ? $"`{(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText())}`"
            : "none";

    private string MeaningOf(JsonElement schema)
    {
        var text = schema.TryGetProperty("description", out var own) ? own.GetString()!
            : schema.TryGetProperty("oneOf", out var forms)
            && forms.EnumerateArray().Single(form => !IsNull(form)).TryGetProperty("description", out var inner)
                ? inner.GetString()!
            : Resolve(schema).TryGetProperty("description", out var shared) ? shared.GetString()! : "";
        return text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
    }
}
