using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Second names of artifacts in output folders, which spare copying them. A file that is not what it was at its commit (another
/// one, of another size, written to since) gets none; nor does one of another file system or another user.
/// </summary>
internal static class ArtifactLinks
{
    /// <summary>Gives an artifact a name in an output.</summary>
    /// <param name="committed">The artifact.</param>
    /// <param name="hidden">The name; what bears it is replaced.</param>
    /// <param name="suffix">Of a name beside it that nobody else uses.</param>
    /// <param name="modes">Who may read it from now on.</param>
    /// <returns>False where it has to be copied.</returns>
    public static bool TryMake(CommittedFile committed, string hidden, string suffix, PublishedModes modes)
    {
        if (committed.File.Identity is not { } identity)
        {
            return false;
        }

        var linked = $"{hidden}{suffix}";
        try
        {
            using var file = Descriptors.TryOpenFile(committed.Path);
            if (file is null || Descriptors.IdentityOf(file.SafeFileHandle) != identity
                || !Descriptors.TryLink(file.SafeFileHandle, linked))
            {
                return false;
            }

            modes.Apply(file);
            File.Move(linked, hidden, overwrite: true);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false; // Another user's file: a copy is ours.
        }
        finally
        {
            File.Delete(linked); // Where both names are of one file, moving the one to the other does nothing.
        }
    }

    /// <summary>
    /// Takes their own names from artifacts that are published under another: whoever changes the one would change the other.
    /// </summary>
    public static void Remove(HeldFolder folder, IReadOnlyList<CommittedFile> published)
    {
        foreach (var committed in published.Where(item => item.File.Identity is not null))
        {
            using var part = folder.TryOpen(Path.GetDirectoryName(committed.Name)!);
            if (part is not null && Identity(Path.Combine(part.Path, Path.GetFileName(committed.Name))) is { } identity
                && identity == Identity(committed.Path))
            {
                File.Delete(committed.Path);
            }
        }
    }

    /// <summary>Which file bears a name, and in what state; null for none.</summary>
    public static string? Identity(string path)
    {
        using var file = Descriptors.TryOpenFile(path);
        return file is null ? null : Descriptors.IdentityOf(file.SafeFileHandle);
    }
}
