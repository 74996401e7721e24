using Microsoft.Extensions.Options;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>Folders of this process, absolute. Made by whoever writes in them.</summary>
internal sealed class ClusterPaths(IOptions<ClusterSettings> settings)
{
    /// <summary>State of the embedded default.</summary>
    public string State { get; } = Path.GetFullPath(settings.Value.StateDirectory);

    /// <summary>The artifact store: artifacts of all jobs, see <see cref="ArtifactPath"/>.</summary>
    public string Artifacts { get; } = Path.GetFullPath(
        Folder(settings.Value.ArtifactStore) ?? Path.Combine(settings.Value.StateDirectory, "artifacts"));

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

    // Taken as a path, an address would be a folder './s3:/...' of each machine's own.
    private static string? Folder(string? store) => store?.Contains("://", StringComparison.Ordinal) == true
        ? throw new StartRefusedException(
            $"Cluster:ArtifactStore is '{store}'. Object storage is not supported there yet: name a folder that all workers "
                + "share.")
        : store;

    /// <summary>The absolute path of a file or folder of the artifact store.</summary>
    public string Artifact(string relative) => Path.Combine(Artifacts, relative);

    /// <summary>
    /// Absolute folder of an output path; relative ones are relative to the first data root. Whether it is one is not looked at.
    /// </summary>
    public string OutputFolder(string path) => Path.GetFullPath(path, DataRoots is [var first, ..] ? first : State);
}
