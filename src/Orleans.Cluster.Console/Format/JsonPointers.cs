using System.Text.Json.Nodes;

namespace Orleans.Cluster.WebConsole.Format;

/// <summary>
/// Reads and sets places of a JSON document by pointer, such as <c>/source/path</c>. Members only; no array elements.
/// </summary>
internal static class JsonPointers
{
    /// <summary>The value there; null where there is none.</summary>
    public static JsonNode? Find(JsonObject document, string pointer)
    {
        JsonNode? at = document;
        foreach (var name in Names(pointer))
        {
            at = at is JsonObject member && member.TryGetPropertyValue(name, out var next) ? next : null;
        }

        return at;
    }

    /// <summary>Sets a value, making what leads to it; null takes the member out, and whatever is empty then.</summary>
    public static void Set(JsonObject document, string pointer, JsonNode? value)
    {
        var names = Names(pointer);
        Set(document, names, 0, value);
    }

    private static void Set(JsonObject at, string[] names, int index, JsonNode? value)
    {
        var name = names[index];
        if (index == names.Length - 1)
        {
            if (value is null)
            {
                at.Remove(name);
            }
            else
            {
                at[name] = value;
            }

            return;
        }

        if (at[name] is not JsonObject below)
        {
            if (value is null)
            {
                return;
            }

            at[name] = below = [];
        }

        Set(below, names, index + 1, value);
        if (value is null && below.Count == 0)
        {
            at.Remove(name);
        }
    }

    private static string[] Names(string pointer) =>
        [.. pointer.TrimStart('/')
            .Split('/')
            .Select(name => name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
}
