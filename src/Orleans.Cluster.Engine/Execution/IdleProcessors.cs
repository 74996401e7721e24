using System.Globalization;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Processors of the machine that nothing runs on for longer than a moment.</summary>
internal static class IdleProcessors
{
    private const string LoadFile = "/proc/loadavg";

    // What wakes for a moment takes no processor from a task, and neither does what a silo compiles beside its work.
    private const int Looks = 4;
    private const int ProcessorsForSpare = 16;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);

    /// <summary>How many there are beside the one that asks; 0 where the platform does not say.</summary>
    public static int Count()
    {
        var idle = 0;
        for (var look = 0; OperatingSystem.IsLinux() && Environment.ProcessorCount > 1 && look < Looks; look++)
        {
            if (look > 0)
            {
                Thread.Sleep(BetweenLooks);
            }

            idle = Math.Max(idle, CountNow(ReadLoad(), Environment.ProcessorCount));
            if (idle == Environment.ProcessorCount - 1)
            {
                break;
            }
        }

        return idle;
    }

    // Who may not read it, in whatever box, has one thread.
    private static string ReadLoad()
    {
        try
        {
            return File.ReadAllText(LoadFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>
    /// What the kernel's line of load says: its fourth word is <c>running/all</c> threads, whoever asks among them. One of them,
    /// and of many processors one more of each sixteen, counts for nothing.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="processors">Processors that this process may use.</param>
    public static int CountNow(string line, int processors)
    {
        var words = line.Split(' ');
        return words.Length > 3 && words[3].Split('/') is [var text, _]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var running) && running > 0
            ? Math.Clamp(processors - running + 1 + (processors / ProcessorsForSpare), 0, processors - 1) : 0;
    }
}
