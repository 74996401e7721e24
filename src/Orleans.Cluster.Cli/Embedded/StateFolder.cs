using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>The folder of an embedded cluster's state: made and looked at before anything is started in it.</summary>
internal static class StateFolder
{
    // Less than this does not hold the databases of a new cluster.
    private const long LeastBytes = 8 << 20;
    private const long PageBytes = 4096;

    /// <summary>Makes the folder and opens the log in it.</summary>
    /// <param name="folder">The folder of the state.</param>
    /// <param name="name">The log's file, in a folder of its own.</param>
    /// <param name="remedy">What to do about a folder that cannot be used, as the end of a sentence.</param>
    /// <exception cref="EmbeddedClusterException">It cannot be made or written, or its disk is full.</exception>
    public static FileStream OpenLog(string folder, string name, string remedy)
    {
        try
        {
            var logs = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
            RefuseFull(folder, new DriveInfo(logs).AvailableFreeSpace, remedy);
            return new FileStream(Path.Combine(logs, name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedClusterException(
                FolderFaults.IsFull(e) ? Full(folder, 0, remedy)
                : $"The cluster's state cannot be in {folder}: {FolderFaults.Why(folder, e)}. "
                    + $"{char.ToUpperInvariant(remedy[0])}{remedy[1..]}.");
        }
    }

    /// <exception cref="EmbeddedClusterException">There is less than a cluster needs to start.</exception>
    public static void RefuseFull(string folder, long freeBytes, string remedy)
    {
        if (freeBytes < LeastBytes)
        {
            throw new EmbeddedClusterException(Full(folder, freeBytes, remedy));
        }
    }

    private static string Full(string folder, long freeBytes, string remedy) =>
        $"The disk of {folder} {(freeBytes < PageBytes ? "is full" : $"has only {freeBytes / 1024} KiB free")}. "
        + $"Free space, or {remedy}.";
}
