using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>A result column is a name, or an object with <c>column</c> or <c>expression</c>, and <c>as</c>.</summary>
public sealed class SelectColumnsJsonConverter : JsonConverter<IReadOnlyList<SelectColumn>>
{
    /// <inheritdoc/>
    public override IReadOnlyList<SelectColumn> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return [.. document.RootElement.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String
            ? new SelectColumn(item.GetString(), null, null)
            : new SelectColumn(Text(item, "column"), Text(item, "expression"), Text(item, "as")))];
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<SelectColumn> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartArray();
        foreach (var column in value)
        {
            WriteColumn(writer, column);
        }

        writer.WriteEndArray();
    }

    private static void WriteColumn(Utf8JsonWriter writer, SelectColumn column)
    {
        if (column is { Column: { } name, Expression: null, As: null })
        {
            writer.WriteStringValue(name);
            return;
        }

        writer.WriteStartObject();
        foreach (var (key, text) in new[] { ("column", column.Column), ("expression", column.Expression), ("as", column.As) })
        {
            if (text is not null)
            {
                writer.WriteString(key, text);
            }
        }

        writer.WriteEndObject();
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? value.GetString() : null;
}
