using System.Text.Json;

namespace Orleans.Cluster.Engine.Values;

/// <summary>How names are written in JSON: nothing is escaped that need not be.</summary>
internal static class JsonNames
{
    public static JsonSerializerOptions Options { get; } =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
