using System.Diagnostics;
using System.Globalization;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// One process for its whole life: the number and when it began, because numbers are used again. <see cref="StartToken"/> is only
/// good for comparison on the same machine since its last boot.
/// </summary>
internal readonly record struct ProcessIdentity(int Id, long StartToken)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } =
        Find(Environment.ProcessId) ?? throw new UnreachableException("This process does not see itself.");

    /// <summary>The process with that number that runs now, or null.</summary>
    public static ProcessIdentity? Find(int processId) =>
        OperatingSystem.IsLinux() ? FindInProc(processId) : FindByRuntime(processId);

    /// <summary>Whether it still runs. A process that has ended but that nobody has waited for yet does not run.</summary>
    public bool IsRunning() => Find(Id) == this;

    private static ProcessIdentity? FindInProc(int processId) =>
        ProcessStat.Fields(processId) is { } fields && fields[0] is not ("Z" or "X")
        ? new ProcessIdentity(processId, long.Parse(fields[19], CultureInfo.InvariantCulture))
        : null;

    private static ProcessIdentity? FindByRuntime(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.HasExited ? null : new ProcessIdentity(processId, process.StartTime.ToUniversalTime().Ticks);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // No such process, or it ended between the two calls.
            return null;
        }
    }
}
