using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Places;

/// <summary>
/// A folder of a user's, held by its descriptor while the cluster writes and deletes in it, so that nobody can put a link in its
/// place. Where there are no such descriptors, it is its path.
/// </summary>
internal sealed class HeldFolder : IDisposable
{
    private readonly SafeFileHandle? handle;

    private HeldFolder(SafeFileHandle? handle, string shown) =>
        (this.handle, Shown, Path) = (handle, shown, handle is null ? shown : Descriptors.Name(handle));

    /// <summary>Its path for system calls.</summary>
    public string Path { get; }

    /// <summary>Its path for people.</summary>
    public string Shown { get; }

    /// <summary>Holds a folder that is there, links to it followed.</summary>
    /// <exception cref="ClusterException">
    /// <c>path-not-allowed</c>: it is where nothing may be written; <c>output-not-writable</c>: it is gone.
    /// </exception>
    public static HeldFolder Open(string path, SourceRules rules)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new HeldFolder(null, path);
        }

        var held = new HeldFolder(
            Descriptors.TryOpenFolder(path, followLink: true)
                ?? throw new ClusterException(
                    Contracts.ProblemCode.OutputNotWritable, $"'{path}' is not a folder any more.",
                    "Make it again, then /retry."),
            path);
        if (rules.WhyNot(Descriptors.RealPath(held.handle!)) is not { } why)
        {
            return held;
        }

        held.Dispose();
        throw new ClusterException(
            Contracts.ProblemCode.PathNotAllowed, $"'{path}' leads to a folder that {why}.", "Remove the link, then /retry.");
    }

    /// <summary>A folder below, by its relative path; null when it is not there, or a part of it is a link.</summary>
    public HeldFolder? TryOpen(string relative) => Descend(relative, mode: null);

    /// <summary>The same, made with this mode where it is missing.</summary>
    /// <exception cref="ClusterException"><c>path-not-allowed</c>: a part of it is a link, or no folder.</exception>
    public HeldFolder Make(string relative, UnixFileMode mode) => Descend(relative, mode)
        ?? throw new ClusterException(
            Contracts.ProblemCode.PathNotAllowed,
            $"{System.IO.Path.Combine(Shown, relative)} is a link that leads out of the output folder.",
            "Remove the link, then /retry.");

    /// <summary>Makes a folder of a user's, with those above it that are missing.</summary>
    /// <exception cref="ClusterException"><c>path-not-allowed</c>: it is where nothing may be written.</exception>
    public static void MakePath(string path, SourceRules rules, UnixFileMode mode)
    {
        var there = path;
        while (!Directory.Exists(there) && System.IO.Path.GetDirectoryName(there) is { } parent)
        {
            there = parent;
        }

        if (there != path)
        {
            using var held = Open(there, rules);
            held.Make(System.IO.Path.GetRelativePath(there, path), mode).Dispose();
        }
    }

    public void Dispose() => handle?.Dispose();

    private HeldFolder? Descend(string relative, UnixFileMode? mode)
    {
        if (handle is null)
        {
            var path = System.IO.Path.Combine(Path, relative);
            if (mode is not null)
            {
                Directory.CreateDirectory(path);
            }

            return Directory.Exists(path) ? new HeldFolder(null, path) : null;
        }

        var current = new HeldFolder(Descriptors.TryOpenFolder(Path, followLink: true)
            ?? throw new IOException($"{Shown} cannot be opened again."), Shown);
        foreach (var name in relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var above = current;
            var path = System.IO.Path.Combine(above.Path, name);
            var isNew = mode is not null && !Directory.Exists(path);
            if (isNew)
            {
                Directory.CreateDirectory(path);
            }

            if (Descriptors.TryOpenFolder(path, followLink: false) is not { } below)
            {
                return null;
            }

            current = new HeldFolder(below, System.IO.Path.Combine(above.Shown, name));
            if (isNew && !OperatingSystem.IsWindows())
            {
                // Of the folder that is held: a link in its place would open something else to others.
                File.SetUnixFileMode(current.Path, mode!.Value);
            }
        }

        return current;
    }
}
