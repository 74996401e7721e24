using System.Runtime.InteropServices;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// The mode of files that this process and its children make: of their user alone. Specs, rows and keys pass through many hands
/// of the process, and one that forgets to say who may read them must not have opened them.
/// </summary>
internal static class Umask
{
    private const int OwnerAlone = 0b000_111_111;

    public static void CloseToOthers()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(OwnerAlone);
        }
    }

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetMask(int mask);
}
