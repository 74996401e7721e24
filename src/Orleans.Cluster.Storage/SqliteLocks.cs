using System.Globalization;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Who holds the write lock of a SQLite database in WAL mode, out of the kernel's table of locks. The file itself must not be
/// opened for that: a process that closes a file loses all its own locks on it.
/// </summary>
internal static class SqliteLocks
{
    // WAL_WRITE_LOCK: the first byte of eight behind the index header in the shared-memory file (sqlite.org/walformat.html,
    // "WAL-Index Locks").
    private const long WriteLock = 120;

    /// <summary>
    /// The process that is writing; null when none is, or it cannot be told. Only for a database that this process has open.
    /// </summary>
    public static int? Writer(string database)
    {
        const string Table = "/proc/locks";
        if (!OperatingSystem.IsLinux() || !File.Exists(Table))
        {
            return null;
        }

        // 3: POSIX  ADVISORY  WRITE 14855 fd:01:1835 120 120
        var locks = File.ReadLines(Table)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields is [_, "POSIX", _, "WRITE", _, _, var start, var end] && Covers(start, end))
            .ToList();
        var inode = locks.Count == 0 ? null : SharedMemoryInode(database);
        return inode is not null
            && locks.Find(fields => fields[5].EndsWith($":{inode}", StringComparison.Ordinal)) is { } held
            && int.TryParse(held[4], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            ? process
            : null;
    }

    private static bool Covers(string start, string end) =>
        long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var first) && first <= WriteLock
        && (end == "EOF"
            || (long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last >= WriteLock));

    // 7f0c2a000000-7f0c2a008000 rw-s 00000000 fd:01 1835    /state/cluster.db-shm
    private static string? SharedMemoryInode(string database) => File.ReadLines("/proc/self/maps")
        .Where(line => line.EndsWith(database + "-shm", StringComparison.Ordinal))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4])
        .FirstOrDefault();
}
