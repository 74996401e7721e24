using System.Globalization;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.Executor;

/// <summary>
/// Where there are fewer processors than tasks and silos want, the silos come first: a report or an answer takes them no time,
/// and a task that hands over a few milliseconds loses nothing. Nothing changes on a machine that has processors left.
/// </summary>
internal static class TaskPriority
{
    // A thread gets a third of the processor against one at 0, by the kernel's weights.
    private const int Niceness = 5;
    private const int WhichThread = 0;

    private static int isLowered;

    /// <summary>Lowers all threads of this process; those to come inherit it.</summary>
    public static void Lower()
    {
        if (!OperatingSystem.IsLinux() || Interlocked.Exchange(ref isLowered, 1) == 1)
        {
            return;
        }

        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            // A thread that has just ended cannot be lowered, and need not be.
            _ = SetPriority(WhichThread, uint.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), Niceness);
        }
    }

    [DllImport("libc", EntryPoint = "setpriority")]
    private static extern int SetPriority(int which, uint id, int value);
}
