namespace Orleans.Cluster.Protocol;

/// <summary>
/// What may be read as a source, and written as an output: what is beneath the data roots and is not the cluster's own. Asked
/// when a path is planned, and again of each file that is open, since whoever may write in a data root can exchange a file for a
/// link at any time.
/// </summary>
public sealed record SourceRules
{
    /// <summary>Under this variable of its environment an executor is told the rules, as JSON.</summary>
    public const string Variable = "ORLEANS_CLUSTER_SOURCES";

    private static readonly string[] SecretEndings = [".pem", ".key", ".pfx", ".p12", ".jks"];

    /// <summary>The data roots, with all links followed.</summary>
    public required IReadOnlyList<string> Roots { get; init; }

    /// <summary>Folders of the cluster's own state, likewise.</summary>
    public required IReadOnlyList<string> ClosedFolders { get; init; }

    /// <summary>Files that hold settings, certificates and keys, likewise.</summary>
    public required IReadOnlyList<string> ClosedFiles { get; init; }

    /// <summary>The folder of the state that is open all the same: the sample dataset.</summary>
    public required string Sample { get; init; }

    /// <summary>
    /// Where artifacts and scratch files are, as their paths are written. Only the cluster names files there, and only it writes
    /// there.
    /// </summary>
    public required IReadOnlyList<string> OwnFolders { get; init; }

    /// <summary>Why nothing may be read or written there, to follow the path's name in a message; null when it may.</summary>
    /// <param name="real">Absolute, with all links followed.</param>
    public string? WhyNot(string real)
    {
        var roots = Roots.Where(root => IsInside(real, root)).ToList();
        return roots.Count == 0 ? "is outside the data roots (Cluster:DataRoots)"
            : IsInside(real, Sample) ? null
            : ClosedFolders.Any(folder => IsInside(real, folder)) ? "belongs to the cluster itself"
            : ClosedFiles.Contains(real) || IsSettings(Path.GetFileName(real)) ? "is a file of the cluster's settings"
            : SecretEndings.Contains(
                Path.GetExtension(real), StringComparer.OrdinalIgnoreCase) ? "has the name of a file of keys or certificates"
            : roots.TrueForAll(root => IsHidden(real, root)) ? "is hidden: a name in it begins with a dot"
            : null;
    }

    /// <summary>Whether it is a file of the cluster's own, by its path as the cluster has made it.</summary>
    public bool IsOwn(string path) => OwnFolders.Any(folder => IsInside(path, folder));

    /// <summary>Whether a path is a folder or in it.</summary>
    public static bool IsInside(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal)
        && (path.Length == folder.Length || folder.EndsWith('/') || path[folder.Length] == '/');

    private static bool IsHidden(string real, string root) => real[root.Length..].Split('/').Any(name => name is ['.', ..]);

    private static bool IsSettings(string name) =>
        name.StartsWith("appsettings.", StringComparison.OrdinalIgnoreCase)
            && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
}
