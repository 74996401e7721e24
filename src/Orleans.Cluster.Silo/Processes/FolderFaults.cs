namespace Orleans.Cluster.Silo.Processes;

/// <summary>Why the system does not take a folder or a file, in words for people.</summary>
internal static class FolderFaults
{
    // Errors of the system, as the runtime hands them on.
    private const int ReadOnlySystem = 30;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Whether the disk, or the share of it that a user has, is full.</summary>
    public static bool IsFull(Exception failure) => failure is IOException { HResult: NoSpace or QuotaExceeded };

    /// <summary>Whether the fault is the folder's, and not another process's that holds a file of it.</summary>
    public static bool IsOfFolder(Exception failure) => IsFull(failure) || failure.HResult == ReadOnlySystem;

    /// <summary>The reason, as the end of a sentence without its full stop.</summary>
    /// <param name="path">The folder that was to be made or written in.</param>
    /// <param name="failure">What the system said.</param>
    public static string Why(string path, Exception failure)
    {
        for (var above = Path.GetFullPath(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above))
            {
                return $"{above} is a file";
            }
        }

        return failure switch
        {
            UnauthorizedAccessException => "this user may not write there",
            { HResult: ReadOnlySystem } => "its file system is read-only",
            _ when IsFull(failure) => "its disk is full",
            _ => failure.Message.TrimEnd('.'),
        };
    }
}
