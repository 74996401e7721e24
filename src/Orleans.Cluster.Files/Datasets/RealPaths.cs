namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// Paths without symbolic links, as the kernel would walk them. Folders are remembered, so that thousands of files in one folder
/// cost one look each; one instance serves one request, and then forgets.
/// </summary>
internal sealed class RealPaths
{
    /// <summary>As the kernel's own limit.</summary>
    private const int MaxLinks = 40;

    private readonly Dictionary<string, string?> folders = new(StringComparer.Ordinal);

    /// <summary>The real path; null when the links go in a circle. Parts that do not exist stay as they are.</summary>
    /// <param name="path">Absolute, without <c>.</c> and <c>..</c>.</param>
    public string? Of(string path) => Of(path, MaxLinks);

    private string? Of(string path, int linksLeft)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }

        if (FolderOf(parent, linksLeft) is not { } realParent)
        {
            return null;
        }

        var here = Path.Combine(realParent, Path.GetFileName(path));
        if (new FileInfo(here).LinkTarget is not { } target)
        {
            return here;
        }

        return linksLeft == 0 ? null : Of(Path.GetFullPath(target, realParent), linksLeft - 1);
    }

    private string? FolderOf(string folder, int linksLeft)
    {
        if (!folders.TryGetValue(folder, out var real))
        {
            real = Of(folder, linksLeft);
            folders[folder] = real;
        }

        return real;
    }
}
