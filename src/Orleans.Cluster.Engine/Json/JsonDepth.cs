using System.Text.Json;

namespace Orleans.Cluster.Engine.Json;

/// <summary>
/// Tells values that are nested too deeply from text that is no JSON: the reader ends at both with the same exception.
/// </summary>
internal static class JsonDepth
{
    /// <summary>The bound in words.</summary>
    public static string Fault { get; } = $"has values nested more than {JsonRecords.MaxDepth} levels deep";

    /// <summary>
    /// Whether a reader that has just thrown stands before one more object or list than may be inside each other.
    /// </summary>
    /// <param name="text">What it reads.</param>
    /// <param name="reader">The reader.</param>
    public static bool IsExceeded(ReadOnlySpan<byte> text, in Utf8JsonReader reader) =>
        reader.CurrentDepth >= JsonRecords.MaxDepth - 1
        && text[(int)reader.BytesConsumed..].TrimStart(" \t\r\n,:"u8) is [(byte)'[' or (byte)'{', ..];
}
