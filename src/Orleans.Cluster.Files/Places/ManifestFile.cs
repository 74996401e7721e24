using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Places;

/// <summary>Reads manifests, which anybody may have written.</summary>
internal static class ManifestFile
{
    // Of 100,000 files with long names of folders: 50 MB. What is larger is no manifest.
    private const long MaxBytes = 256L << 20;

    /// <summary>What a manifest says; null when there is none, or it is not one: a link or a pipe of its name is none.</summary>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public static JobResult? TryRead(string path)
    {
        try
        {
            using var file = Descriptors.TryOpenFile(path);
            return file is null ? null : TryRead(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What a manifest says, from its content; null when it is not one.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static JobResult? TryRead(Stream content)
    {
        try
        {
            return content.Length > MaxBytes ? null : Whole(JsonSerializer.Deserialize<JobResult>(content, WireJson.Options));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static JobResult? Whole(JobResult? result) => result is { Files: not null, Columns: not null }
        && result.Files.All(file => file is { Path: not null, Sha256: not null }) ? result : null;
}
