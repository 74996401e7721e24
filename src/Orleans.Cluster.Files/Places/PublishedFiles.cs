using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Files.Places;

/// <summary>
/// What counts in an output folder: the files that its manifests name. Others of a job's form were left by one that failed, or
/// are about to be shown, or are about to go.
/// </summary>
internal static class PublishedFiles
{
    /// <summary>
    /// Absolute paths of the files that count in a folder, manifest by manifest; null when no manifest is there: then it is
    /// nobody's output.
    /// </summary>
    public static IReadOnlyList<string>? In(string folder) => Manifests(folder) is { Count: > 0 } manifests
        ? [.. manifests.SelectMany(manifest => Named(folder, manifest)).Distinct(StringComparer.Ordinal)]
        : null;

    /// <summary>
    /// Takes out of a listing what no manifest of its output folder names. Files that no job can have written stay, and so do all
    /// in folders without a manifest.
    /// </summary>
    public static void RemoveOthers(List<string> paths)
    {
        var known = new Dictionary<string, HashSet<string>?>(StringComparer.Ordinal);
        paths.RemoveAll(path => OutputNames.JobOfPart(Path.GetFileName(path)) is not null && Published(HomeOf(path)) is { } named
            && !named.Contains(path));

        HashSet<string>? Published(string home)
        {
            if (!known.TryGetValue(home, out var named))
            {
                known[home] = named = In(home)?.ToHashSet(StringComparer.Ordinal);
            }

            return named;
        }
    }

    // The folder of the manifest is the first one above that is no key=value.
    private static string HomeOf(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        while (Path.GetFileName(folder).Contains('=', StringComparison.Ordinal) && Path.GetDirectoryName(folder) is { } above)
        {
            folder = above;
        }

        return folder;
    }

    private static List<string> Manifests(string folder) =>
        [.. Directory.EnumerateFiles(folder, OutputNames.AnyManifest)
            .Where(path => OutputNames.JobOfManifest(Path.GetFileName(path)) is not null).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Named(string folder, string manifest)
    {
        var owner = OutputNames.JobOfManifest(Path.GetFileName(manifest));
        return ManifestFile.TryRead(manifest)?.Files.Where(file => OutputNames.JobOfPart(file.Path) == owner)
            .Select(file => Path.Combine(folder, file.Path)) ?? [];
    }
}
