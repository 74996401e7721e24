using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.Executor;

/// <summary>
/// The executor's right to exist: renewed by its silo, over when the time is up or the parent is gone. A thread of its own looks,
/// so that it ends the process also while all others are inside native code or the pool is full.
///
/// A process that has no task yet may take longer to hear of its silo than a lease is long: on a machine with more work than
/// processors it would end before it was up, and so would the one that is started in its place. Its first task begins the lease,
/// if no renewal did before.
/// </summary>
internal sealed class ProcessLease
{
    /// <summary>Exit code by which the silo knows that nothing was wrong with the task.</summary>
    private const int ExitCode = 75;

    private const double StartSeconds = 120;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly int parent;
    private readonly Action<double> setAlarm;
    private readonly double leaseSeconds;
    private readonly long firstEndsAt;
    private long endsAt;

    /// <param name="arguments">Whose executor it is, and for how long.</param>
    /// <param name="setAlarm">
    /// Sets the kernel's own end of the process, in seconds from now: <see cref="KernelBounds.SetAlarm"/>.
    /// </param>
    public ProcessLease(ExecutorArguments arguments, Action<double> setAlarm)
    {
        this.setAlarm = setAlarm;
        parent = arguments.ParentId ?? GetParentProcessId();
        leaseSeconds = arguments.LeaseSeconds;
        endsAt = firstEndsAt = FromNow(Math.Max(StartSeconds, leaseSeconds));
        setAlarm(Math.Max(StartSeconds, leaseSeconds));
    }

    /// <summary>
    /// Moves the end to so many seconds from now. Monotonic: a clock that is set does not shorten or lengthen it.
    /// </summary>
    public void Renew(double seconds)
    {
        Volatile.Write(ref endsAt, FromNow(seconds));
        setAlarm(seconds);
    }

    /// <summary>
    /// Begins the lease where nothing has begun it: from here on there is something that must not go on for ever.
    /// </summary>
    public void Begin()
    {
        if (Interlocked.CompareExchange(ref endsAt, FromNow(leaseSeconds), firstEndsAt) == firstEndsAt)
        {
            setAlarm(leaseSeconds);
        }
    }

    /// <summary>How long it goes on without a renewal; negative when it is over.</summary>
    public TimeSpan Remaining => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), Volatile.Read(ref endsAt));

    /// <summary>Starts to look.</summary>
    public void Watch() =>
        new Thread(Look) { IsBackground = true, Name = "lease", Priority = ThreadPriority.AboveNormal }.Start();

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

            if (Remaining <= TimeSpan.Zero)
            {
                End("Its silo has not renewed its deadline.");
            }
        }
    }

    private static long FromNow(double seconds) => Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);

    [DllImport("libc", EntryPoint = "getppid")]
    private static extern int GetParentProcessId();

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void ExitNow(int status);
}
