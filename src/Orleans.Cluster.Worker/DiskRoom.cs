namespace Orleans.Cluster.Worker;

/// <summary>Room on this machine's disks.</summary>
internal static class DiskRoom
{
    /// <summary>
    /// Bytes that may be written where a folder is. One that is not made yet will be on the disk of the nearest one above it.
    /// </summary>
    public static long FreeBytes(string path)
    {
        var folder = new DirectoryInfo(path);
        while (!folder.Exists && folder.Parent is { } parent)
        {
            folder = parent;
        }

        return new DriveInfo(folder.FullName).AvailableFreeSpace;
    }
}
