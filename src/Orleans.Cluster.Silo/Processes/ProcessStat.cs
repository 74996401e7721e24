namespace Orleans.Cluster.Silo.Processes;

/// <summary>Linux' line about a process, /proc/N/stat: "pid (name) state ppid ... utime stime ... starttime ...".</summary>
internal static class ProcessStat
{
    /// <summary>The fields from the state on; null when there is no such process.</summary>
    public static string[]? Fields(int process)
    {
        try
        {
            // The name may hold spaces and brackets, so count from the last one.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
