using System.Runtime.InteropServices;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// What .NET does not have: making the names in a folder durable. A rename is not, before its folder was synced.
/// </summary>
internal static class FolderSync
{
    private const int ReadOnly = 0;

    /// <summary>Does nothing where folders cannot be synced.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Sync(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open folder {folder} to sync it (errno {Marshal.GetLastPInvokeError()}).");
        }

        var (failed, error) = (Sync(descriptor) != 0, Marshal.GetLastPInvokeError());
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"Cannot sync folder {folder} (errno {error}).");
        }
    }

    /// <summary>
    /// Makes a folder's own name durable, and those of the folders above it, up to one that was there before anybody wrote below
    /// it.
    /// </summary>
    /// <param name="folder">Absolute; it is there.</param>
    /// <param name="root">A folder above it.</param>
    public static void SyncAbove(string folder, string root)
    {
        for (var above = Path.GetDirectoryName(folder); above is not null
            && above.StartsWith(root, StringComparison.Ordinal); above = Path.GetDirectoryName(above))
        {
            Sync(above);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
