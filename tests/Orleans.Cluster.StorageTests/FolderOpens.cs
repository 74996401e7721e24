using System.Runtime.InteropServices;

namespace Orleans.Cluster.StorageTests;

/// <summary>
/// Counts how often a folder itself is opened (not what lies in it), as inotify(7) tells it: a folder cannot be synced without.
/// </summary>
internal sealed class FolderOpens : IDisposable
{
    private const int NonBlocking = 0x800;
    private const uint Opened = 0x20;
    private const int HeaderBytes = 16;
    private readonly Dictionary<int, string> watched = [];
    private readonly int descriptor = Initialize(NonBlocking);

    /// <summary>Begins to count for a folder that is there.</summary>
    public void Watch(string folder)
    {
        var watch = AddWatch(descriptor, folder, Opened);
        Assert.True(watch > 0, $"errno {Marshal.GetLastPInvokeError()}");
        watched[watch] = folder;
    }

    /// <summary>The folders that were opened since the last call.</summary>
    public IReadOnlySet<string> Take()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var buffer = new byte[65_536];
        for (nint length; (length = Read(descriptor, buffer, buffer.Length)) > 0;)
        {
            for (var at = 0; at < length;)
            {
                var nameBytes = BitConverter.ToInt32(buffer, at + 12);
                if (nameBytes == 0)
                {
                    found.Add(watched[BitConverter.ToInt32(buffer, at)]);
                }

                at += HeaderBytes + nameBytes;
            }
        }

        return found;
    }

    public void Dispose() => _ = Close(descriptor);

    [DllImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Initialize(int flags);

    [DllImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int AddWatch(int descriptor, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mask);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(int descriptor, byte[] buffer, nint bytes);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
