using System.Text.Json.Nodes;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Lays members into JSON that a user may have written in part.</summary>
internal static class Json
{
    /// <summary>Sets a member; null leaves what is there.</summary>
    public static void Set(JsonObject into, string key, JsonNode? value)
    {
        if (value is not null)
        {
            into[key] = value;
        }
    }

    /// <summary>Sets a member of a member; null leaves what is there.</summary>
    public static void SetIn(JsonObject into, string parent, string key, JsonNode? value)
    {
        if (value is not null)
        {
            Child(into, parent)[key] = value;
        }
    }

    /// <summary>The object of that name, made when absent.</summary>
    public static JsonObject Child(JsonObject into, string key)
    {
        if (into[key] is not JsonObject child)
        {
            into[key] = child = [];
        }

        return child;
    }
}
