using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// Why a path is not found: it does not exist, or the cluster may not see it; and which name nearby was perhaps meant.
/// </summary>
/// <param name="IsHidden">Whether the cluster's user may not read it, or a folder on the way to it.</param>
/// <param name="Hint">A sentence to add, with a blank before it; empty where there is nothing to say.</param>
internal sealed record MissingPath(bool IsHidden, string Hint)
{
    /// <summary>A folder with more entries is not searched for a name like it.</summary>
    private const int MaxEntries = 10_000;

    /// <summary>Looks at the deepest folder on the way that exists.</summary>
    /// <param name="full">An absolute path below a data root.</param>
    public static MissingPath Of(string full)
    {
        var missing = full;
        while (Path.GetDirectoryName(missing) is { } folder)
        {
            if (Directory.Exists(folder))
            {
                return In(folder, Path.GetFileName(missing));
            }

            missing = folder;
        }

        return new MissingPath(false, "");
    }

    private static MissingPath In(string folder, string name)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(folder)
                .Take(MaxEntries).Select(entry => Path.GetFileName(entry)).ToList();
            return names.Contains(name)
                ? new MissingPath(true, $" '{Path.Combine(folder, name)}' exists, and the cluster's user may not look at it.")
                : NearestName.Find(name, names) is { } near
                ? new MissingPath(false, $" Did you mean '{Path.Combine(folder, near)}'?")
                : new MissingPath(false, "");
        }
        catch (UnauthorizedAccessException)
        {
            return new MissingPath(true, $" The cluster's user may not list the folder '{folder}'.");
        }
    }
}
