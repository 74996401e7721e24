using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Backups;

/// <summary>What a backup holds: <c>manifest.json</c>, written last. A folder without one is no whole backup.</summary>
/// <param name="CreatedAt">The moment that the database's copy was begun.</param>
/// <param name="Version">The program that wrote it.</param>
/// <param name="Database">Kind of the database.</param>
/// <param name="Schema">Latest step of its schema.</param>
/// <param name="Files">Every file with its size and hash.</param>
internal sealed record BackupManifest(
    DateTimeOffset CreatedAt, string Version, string Database, string Schema, IReadOnlyList<BackupFile> Files)
{
    public const string FileName = "manifest.json";

    /// <summary>Describes the files of a folder, and writes that beside them.</summary>
    public static async Task<BackupManifest> Write(
        string folder, DateTimeOffset createdAt, string database, string schema, CancellationToken cancellationToken)
    {
        var files = new List<BackupFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            files.Add(new BackupFile(
                Path.GetRelativePath(folder, path), new FileInfo(path).Length, await HashOf(path, cancellationToken)));
        }

        var manifest = new BackupManifest(createdAt, ProductVersion.Current, database, schema, files);
        await File.WriteAllBytesAsync(
            Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(manifest, WireJson.Options), cancellationToken);
        return manifest;
    }

    /// <summary>Reads a backup's manifest and compares each file with it.</summary>
    /// <exception cref="StartRefusedException">It is not a whole backup, or a file was changed.</exception>
    public static async Task<BackupManifest> Read(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new StartRefusedException($"{folder} is not a whole backup: it has no {FileName}.");
        }

        var manifest = JsonSerializer.Deserialize<BackupManifest>(
            await File.ReadAllBytesAsync(path, cancellationToken), WireJson.Options)!;
        foreach (var file in manifest.Files)
        {
            var copy = Path.Combine(folder, file.Path);
            if (!File.Exists(copy) || new FileInfo(copy).Length != file.Bytes
                || await HashOf(copy, cancellationToken) != file.Sha256)
            {
                throw new StartRefusedException(
                    $"The backup is damaged: {copy} is missing or not as it was written. Nothing was restored.");
            }
        }

        return manifest;
    }

    private static async Task<string> HashOf(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}

/// <summary>A file of a backup.</summary>
internal sealed record BackupFile(string Path, long Bytes, string Sha256);
