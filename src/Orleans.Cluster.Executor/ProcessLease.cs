using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.Executor;

/// <summary>
/// The executor's right to exist: renewed by its silo, over when the time is up or the parent is gone. A thread of its own looks, so that
/// it ends the process also while all others are inside native code or the pool is full.
/// </summary>
internal sealed class ProcessLease
{
    /// <summary>Exit code by which the silo knows that nothing was wrong with the task.</summary>
    private const int ExitCode = 75;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly int parent;
    private long endsAt;

    public ProcessLease(ExecutorArguments arguments)
    {
        parent = arguments.ParentId ?? GetParentProcessId();
        Renew(arguments.LeaseSeconds);
    }

    /// <summary>Moves the end to so many seconds from now. Monotonic: a clock that is set does not shorten or lengthen it.</summary>
    public void Renew(double seconds) => Volatile.Write(ref endsAt, Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency));

    /// <summary>Starts to look.</summary>
    public void Watch() => new Thread(Look) { IsBackground = true, Name = "lease", Priority = ThreadPriority.AboveNormal }.Start();

    /// <summary>Ends the process at once, without finalizers or handlers.</summary>
    public void End(string why)
    {
        Console.Error.WriteLine($"The executor ends: {why}");
        ExitNow(ExitCode);
    }

    private void Look()
    {
        while (true)
        {
            Thread.Sleep(LookEvery);
            if (OperatingSystem.IsLinux() && GetParentProcessId() != parent)
            {
                End("Its silo is gone.");
            }

            if (Stopwatch.GetTimestamp() >= Volatile.Read(ref endsAt))
            {
                End("Its silo has not renewed its deadline.");
            }
        }
    }

    [DllImport("libc", EntryPoint = "getppid")]
    private static extern int GetParentProcessId();

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void ExitNow(int status);
}
