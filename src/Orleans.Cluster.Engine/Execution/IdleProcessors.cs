using System.Globalization;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Processors of the machine that nothing runs on at the moment.</summary>
internal static class IdleProcessors
{
    private const string LoadFile = "/proc/loadavg";

    // What wakes for a moment takes no processor from a task.
    private const int Looks = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);

    /// <summary>How many there are beside the one that asks; 0 where the platform does not say.</summary>
    public static int Count()
    {
        var idle = 0;
        for (var look = 0; OperatingSystem.IsLinux() && look < Looks; look++)
        {
            if (look > 0)
            {
                Thread.Sleep(BetweenLooks);
            }

            idle = Math.Max(idle, CountNow(File.ReadAllText(LoadFile), Environment.ProcessorCount));
            if (idle == Environment.ProcessorCount - 1)
            {
                break;
            }
        }

        return idle;
    }

    /// <summary>What the kernel's line of load says: its fourth word is <c>running/all</c> threads, whoever asks among them.</summary>
    /// <param name="line">The line.</param>
    /// <param name="processors">Processors that this process may use.</param>
    public static int CountNow(string line, int processors)
    {
        var words = line.Split(' ');
        return words.Length > 3 && words[3].Split('/') is [var text, _]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var running) && running > 0
            ? Math.Max(0, processors - running) : 0;
    }
}
