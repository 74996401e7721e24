using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// The one clock of a process, Orleans' too. Its time runs with the machine's uptime and follows the reference, the machine's
/// wall clock or the database's, at most a tenth faster or slower: when that is set back, time here goes on, only slower; when it
/// jumps ahead, no deadline, lease or retention is over at once. Timers and time stamps are the system's, which no setting of a
/// clock touches. It shows whole milliseconds, as timers count them and databases store them: Orleans waits until a moment by
/// <c>Task.Delay</c> of what is left, again and again, and less than a millisecond is no wait at all, but a loop that burns it.
/// </summary>
internal sealed class SteadyClock : TimeProvider
{
    /// <summary>How much of the time that passes is used to come nearer to the reference: an hour is made up in ten.</summary>
    private const double Rate = 0.1;
    private const int BootTime = 7;

    private readonly Lock gate = new();
    private readonly Func<DateTimeOffset> wall;
    private readonly Func<TimeSpan> uptime;
    private TimeSpan ahead;
    private DateTimeOffset now;
    private TimeSpan at;

    /// <param name="wall">A clock that somebody may set.</param>
    /// <param name="uptime">Time since some moment, which nobody can set.</param>
    public SteadyClock(Func<DateTimeOffset> wall, Func<TimeSpan> uptime)
    {
        (this.wall, this.uptime) = (wall, uptime);
        (now, at) = (wall(), uptime());
    }

    /// <summary>The clock of this process.</summary>
    public static SteadyClock OfProcess { get; } = new(() => DateTimeOffset.UtcNow, Uptime);

    public override DateTimeOffset GetUtcNow()
    {
        var exact = Now();
        return exact.AddTicks(-(exact.Ticks % TimeSpan.TicksPerMillisecond));
    }

    /// <summary>Takes a time for now at once. For a process that has shown nobody a time yet.</summary>
    public void Begin(DateTimeOffset time)
    {
        lock (gate)
        {
            (now, at) = (time > now ? time : now, uptime());
        }
    }

    /// <summary>Follows another clock than the machine's from now on: this is what it shows.</summary>
    public void Follow(DateTimeOffset reference)
    {
        lock (gate)
        {
            ahead = reference - wall();
        }
    }

    private DateTimeOffset Now()
    {
        lock (gate)
        {
            var passed = uptime() - at;
            if (passed <= TimeSpan.Zero)
            {
                return now;
            }

            var most = passed * Rate;
            var wanted = wall() + ahead - (now + passed);
            now += passed + (wanted > most ? most : wanted < -most ? -most : wanted);
            at += passed;
            return now;
        }
    }

    // With the time that a machine was suspended, which the monotonic clock leaves out.
    private static TimeSpan Uptime() => OperatingSystem.IsLinux() && GetTime(BootTime, out var time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000)
        : Stopwatch.GetElapsedTime(0);

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
