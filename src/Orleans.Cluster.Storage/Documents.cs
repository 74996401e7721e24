using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Storage;

/// <summary>Documents as they stand in columns.</summary>
internal static class Documents
{
    [return: NotNullIfNotNull(nameof(value))]
    public static string? Write<T>(T? value)
        where T : class => value is null ? null : JsonSerializer.Serialize(value, WireJson.Options);

    [return: NotNullIfNotNull(nameof(text))]
    public static T? Read<T>(string? text)
        where T : class => text is null ? null : JsonSerializer.Deserialize<T>(text, WireJson.Options)!;

    public static byte[] Compress<T>(T value)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
        {
            JsonSerializer.Serialize(gzip, value, WireJson.Options);
        }

        return buffer.ToArray();
    }

    public static T Decompress<T>(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<T>(gzip, WireJson.Options)!;
    }
}
