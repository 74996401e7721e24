using System.Collections.Frozen;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Words of an enum as our JSON writes them, which the serializer itself is asked for.</summary>
internal static class EnumWords<T>
    where T : struct, Enum
{
    public static FrozenDictionary<string, T> ByWord { get; } = Enum.GetValues<T>()
        .ToFrozenDictionary(WordOf, StringComparer.Ordinal);

    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. Enum.GetValues<T>().Select(WordOf)];

    public static string WordOf(T value) => JsonSerializer.SerializeToElement(value, WireJson.Options).GetString()!;
}
