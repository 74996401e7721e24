using System.Globalization;

namespace Orleans.Cluster.Worker;

/// <summary>
/// A control group (version 2) of one executor: the kernel keeps all memory that is charged to it, staged text in tmpfs too,
/// below a limit, and ends the executor when it cannot.
/// </summary>
internal sealed class MemoryCgroup : IDisposable
{
    private readonly string folder;
    private long killsBefore;

    private MemoryCgroup(string folder) => this.folder = folder;

    /// <summary>Makes a group and puts a process into it.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The kernel refuses.</exception>
    public static MemoryCgroup Enclose(string root, int process)
    {
        var folder = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"orleans-cluster-{process}"));
        Directory.CreateDirectory(folder);
        var group = new MemoryCgroup(folder);
        try
        {
            File.WriteAllText(Path.Combine(folder, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <summary>Sets the limit for the task that begins.</summary>
    public void Limit(long bytes)
    {
        killsBefore = Kills();
        File.WriteAllText(Path.Combine(folder, "memory.max"), bytes.ToString(CultureInfo.InvariantCulture));
        if (File.Exists(Path.Combine(folder, "memory.swap.max")))
        {
            File.WriteAllText(Path.Combine(folder, "memory.swap.max"), "0");
        }
    }

    /// <summary>Bytes that no reclaim gives back: of the processes, and of files in tmpfs that they wrote.</summary>
    public long HeldBytes() => Number("memory.stat", "anon ") + Number("memory.stat", "shmem ");

    /// <summary>Whether the kernel has ended a process of the group since the limit was set.</summary>
    public bool HasKilled() => Kills() > killsBefore;

    /// <summary>
    /// Removes the group, which must be empty. One that cannot be removed costs the kernel some kilobytes and nothing else.
    /// </summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning($"{folder} could not be removed: {exception.Message}");
        }
    }

    private long Kills() => Number("memory.events", "oom_kill ");

    private long Number(string file, string name)
    {
        var path = Path.Combine(folder, file);
        var line = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
            : null;
        return line is null ? 0 : long.Parse(line.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
