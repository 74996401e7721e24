using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.Storage;

/// <summary>The few calls of the operating system that .NET does not have.</summary>
internal static class Posix
{
    private const int ReadOnly = 0;

    /// <summary>Id of the parent process; 1, or a subreaper's, once the parent is gone.</summary>
    [DllImport("libc", EntryPoint = "getppid")]
    public static extern int GetParentProcessId();

    /// <summary>Ends the process at once: no finalizers, no handlers, also while another thread is inside native code.</summary>
    [DllImport("libc", EntryPoint = "_exit")]
    public static extern void ExitNow(int status);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);

    /// <summary>Makes a folder's own name durable, with those of the folders that it is in, so many levels up.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SyncFolders(string path, int levelsUp)
    {
        for (var folder = Path.TrimEndingDirectorySeparator(path); levelsUp >= 0 && folder is { Length: > 0 }; levelsUp--)
        {
            SyncFolder(folder);
            folder = Path.GetDirectoryName(folder)!;
        }
    }

    /// <summary>Makes the names in a folder durable. Does nothing where folders cannot be synced.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SyncFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open folder {path} to sync it (errno {Marshal.GetLastPInvokeError()}).");
        }

        var failed = Sync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"Cannot sync folder {path} (errno {error}).");
        }
    }
}
