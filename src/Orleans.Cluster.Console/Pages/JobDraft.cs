using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.WebConsole.Format;

namespace Orleans.Cluster.WebConsole.Pages;

/// <summary>A job that is being written: one JSON document, edited by fields or as text.</summary>
internal sealed class JobDraft
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly JsonSerializerOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private JsonObject document = new() { ["operation"] = "aggregate" };
    private string? text;

    /// <summary>Why the text is no job; null when it can be read.</summary>
    public string? Fault { get; private set; }

    public string Operation => Text("/operation") is { Length: > 0 } word ? word : "aggregate";

    public string Compact => document.ToJsonString(Plain);

    /// <summary>As written, while it cannot be read.</summary>
    public string Pretty => text ?? document.ToJsonString(Indented);

    public string Text(string pointer) => JsonPointers.Find(document, pointer) is { } value
        ? value is JsonArray list ? string.Join(", ", list.Select(each => each?.ToString())) : value.ToString()
        : "";

    /// <summary>The JSON there; null where there is none.</summary>
    public string? Raw(string pointer) => JsonPointers.Find(document, pointer)?.ToJsonString(Plain);

    public string Write(FormField field) => FieldForms.Write(field.Kind, JsonPointers.Find(document, field.Pointer));

    public void Set(string pointer, JsonNode? value)
    {
        if (pointer == "/operation" && value?.ToString() != Operation)
        {
            // Parameters of one operation say nothing to another.
            document.Remove("parameters");
        }

        JsonPointers.Set(document, pointer, value);
        (text, Fault) = (null, null);
    }

    public void Replace(string written)
    {
        try
        {
            document = JsonNode.Parse(written) as JsonObject ?? throw new JsonException("A job is a JSON object.");
            (text, Fault) = (null, null);
        }
        catch (JsonException e)
        {
            (text, Fault) = (written, e.Message);
        }
    }
}
