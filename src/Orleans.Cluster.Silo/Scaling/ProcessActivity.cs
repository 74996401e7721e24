using System.Globalization;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>What a process does, from Linux' process table.</summary>
/// <param name="IsStopped">Whether a signal or a debugger has stopped it.</param>
/// <param name="Ticks">Processor time so far, in ticks.</param>
internal sealed record ProcessActivity(bool IsStopped, long Ticks)
{
    /// <summary>Null when there is no such process any more.</summary>
    public static ProcessActivity? Of(int process)
    {
        try
        {
            // The name, in parentheses, may hold anything. What follows it: state, parent, ..., user and system ticks as 12th and 13th.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessActivity(
                fields[0] is "T" or "t", long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
