using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>Values as they stand in addresses and bodies.</summary>
internal static class Wire
{
    /// <summary>Bodies leave out what is null: the gateway's defaults hold there.</summary>
    public static JsonSerializerOptions Bodies { get; } =
        new(WireJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static ByteArrayContent Json<T>(T value) => Json(Utf8(value));

    public static byte[] Utf8<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Bodies);

    public static ByteArrayContent Json(byte[] utf8) =>
        new(utf8) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" } } };

    /// <summary>The word of an enum value in JSON, without its quotes.</summary>
    public static string? Word<T>(T value) => JsonSerializer.SerializeToElement(value, WireJson.Options).GetString();

    public static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    public static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    public static string Address(string path, IEnumerable<(string Name, string? Value)> query)
    {
        var text = Query(query);
        return text.Length == 0 ? path : $"{path}?{text}";
    }

    public static string Query(IEnumerable<(string Name, string? Value)> query) => string.Join(
        '&',
        query.Where(pair => pair.Value is not null)
        .Select(pair => $"{Uri.EscapeDataString(pair.Name)}={Uri.EscapeDataString(pair.Value!)}"));
}
