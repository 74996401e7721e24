using System.Runtime.InteropServices;

namespace Orleans.Cluster.Executor;

/// <summary>
/// Bounds that the kernel keeps. Whatever runs here may freeze each thread of this process, the one that looks after the lease
/// too, by holding the allocator's lock: nothing of these needs a thread.
/// </summary>
internal static class KernelBounds
{
    private const int SegmentationFault = 11;
    private const int Kill = 9;
    private const int ParentDeathSignal = 1;
    private const int DataLimit = 2;

    // The lease ends the process in order; the alarm is for one that no longer can.
    private const double AlarmMarginSeconds = 5;

    /// <summary>The process ends with the thread that started it, which lives as long as the silo.</summary>
    public static void EndWithParent()
    {
        if (OperatingSystem.IsLinux() && Control(ParentDeathSignal, Kill, 0, 0, 0) != 0)
        {
            Console.Error.WriteLine(
                $"The kernel does not end this process with its silo: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>
    /// A stack that the engine overflows ends the process at once. The runtime's own handler would write a trace first, and wait
    /// for ever for the allocator's lock, which the engine holds.
    /// </summary>
    public static void EndAtOverflow()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetHandler(SegmentationFault, 0);
        }
    }

    /// <summary>Writable memory that the process may have; more is refused to whoever asks for it.</summary>
    public static void LimitData(long bytes)
    {
        var limit = new Limit { Soft = (ulong)bytes, Hard = (ulong)bytes };
        if (OperatingSystem.IsLinux() && SetLimit(DataLimit, ref limit) != 0)
        {
            Console.Error.WriteLine(
                $"The kernel does not limit this process to {bytes} bytes: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Moves the kernel's own end of the process past the lease's.</summary>
    public static void SetAlarm(double leaseSeconds)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Alarm((uint)Math.Ceiling(leaseSeconds + AlarmMarginSeconds));
        }
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetHandler(int signal, nint handler);

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static extern int SetLimit(int resource, ref Limit limit);

    [DllImport("libc", EntryPoint = "alarm")]
    private static extern uint Alarm(uint seconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
