using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>Scripts, styles and the icon, from the assembly. Each is compressed once, when it is first asked for.</summary>
internal static class ConsoleAssets
{
    private static readonly ConcurrentDictionary<string, Asset?> Loaded = new(StringComparer.Ordinal);
    private static readonly HashSet<string> Known = [.. typeof(ConsoleAssets).Assembly.GetManifestResourceNames()];

    public static Task Serve(HttpContext context, string file)
    {
        if (!Known.Contains(file) || Loaded.GetOrAdd(file, Load) is not { } asset)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return Write(context, asset);
    }

    private static async Task Write(HttpContext context, Asset asset)
    {
        var response = context.Response;
        response.Headers.ETag = asset.Tag;
        // Asked for again each time, which costs one small answer: a gateway of a new version must not meet scripts of the old
        // one.
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.Headers.IfNoneMatch.Contains(asset.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var compressed = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        response.ContentType = asset.Type;
        if (compressed)
        {
            response.Headers.ContentEncoding = "br";
        }

        var bytes = compressed ? asset.Brotli : asset.Plain;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static Asset? Load(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name);
        if (stream is null)
        {
            return null;
        }

        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            brotli.Write(plain.ToArray());
        }

        return new Asset(
            plain.ToArray(), packed.ToArray(), TypeOf(name),
            $"\"{Convert.ToHexStringLower(SHA256.HashData(plain.ToArray()))[..16]}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private sealed record Asset(byte[] Plain, byte[] Brotli, string Type, string Tag);
}
