using Microsoft.Extensions.Options;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>Folders of this process, absolute. Made by whoever writes in them.</summary>
internal sealed class ClusterPaths(IOptions<ClusterSettings> settings)
{
    /// <summary>State of the embedded default.</summary>
    public string State { get; } = Path.GetFullPath(settings.Value.StateDirectory);

    /// <summary>
    /// The artifact store, with the artifacts of all jobs, see <see cref="ArtifactPath"/>: a folder, or
    /// <c>s3://bucket/prefix</c> without a slash at its end.
    /// </summary>
    public string Artifacts { get; } = ObjectsOf(settings.Value.ArtifactStore) ?? Path.GetFullPath(
        settings.Value.ArtifactStore ?? Path.Combine(settings.Value.StateDirectory, "artifacts"));

    /// <summary>The folder of the artifact store; null where it is in an object store.</summary>
    public string? ArtifactFolder => ObjectGrant.IsObject(Artifacts) ? null : Artifacts;

    /// <summary>
    /// Whether artifacts lie in the state directory, with the database of the embedded default, and not on a share of their own.
    /// </summary>
    public bool ArtifactsAreInState { get; } = settings.Value.ArtifactStore is null;

    /// <summary>Spilled and staged data of this machine.</summary>
    public string Scratch { get; } = Path.GetFullPath(
        settings.Value.ScratchDirectory ?? Path.Combine(settings.Value.StateDirectory, "scratch"));

    /// <summary>Log files of worker processes that a gateway starts.</summary>
    public string Logs { get; } = Path.GetFullPath(Path.Combine(settings.Value.StateDirectory, "logs"));

    /// <summary>
    /// Folders that a source may name; the first is the base of relative paths. The working directory, which holds settings and
    /// keys of the cluster more often than not, is one by default only where there is nobody to keep them from.
    /// </summary>
    public IReadOnlyList<string> DataRoots { get; } = settings.Value switch
    {
        { DataRoots: { Count: > 0 } given } => [.. given.Select(Path.GetFullPath)],
        { AsksForKeys: true } => [],
        _ => [Directory.GetCurrentDirectory()],
    };

    /// <summary>The absolute path, or the address, of a file or folder of the artifact store.</summary>
    /// <param name="relative">With slashes; see <see cref="ArtifactPath"/>.</param>
    public string Artifact(string relative) =>
        ArtifactFolder is { } folder ? Path.Combine(folder, relative) : $"{Artifacts}/{relative}";

    /// <summary>
    /// Absolute folder of an output path; relative ones are relative to the first data root. Of one in an object store, its
    /// address. Whether it is one is not looked at.
    /// </summary>
    public string OutputFolder(string path) => path.StartsWith(ObjectGrant.Scheme, StringComparison.OrdinalIgnoreCase)
        ? ObjectGrant.Scheme + path[ObjectGrant.Scheme.Length..].TrimEnd('/')
        : Path.GetFullPath(path, DataRoots is [var first, ..] ? first : State);

    // Taken as a path, an address would be a folder './s3:/...' of each machine's own.
    private static string? ObjectsOf(string? store)
    {
        if (store?.Contains("://", StringComparison.Ordinal) != true)
        {
            return null;
        }

        var isObjects = store.StartsWith(ObjectGrant.Scheme, StringComparison.OrdinalIgnoreCase);
        var place = isObjects ? store[ObjectGrant.Scheme.Length..].TrimEnd('/') : "";
        return isObjects && place.Split('/').All(IsName)
            ? ObjectGrant.Scheme + place
            : throw new StartRefusedException(
                $"Cluster:ArtifactStore is '{store}'. Name a folder that all silos share, or s3://bucket/prefix without "
                + "wildcards and without '.', '..' and empty names in it.");
    }

    private static bool IsName(string name) => name.Length > 0 && name is not ("." or "..")
        && name.AsSpan().IndexOfAny("*?[{") < 0 && !name.Any(char.IsControl);
}
