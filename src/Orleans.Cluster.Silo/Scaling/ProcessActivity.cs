using System.Globalization;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>What a process does, from Linux' process table.</summary>
/// <param name="IsStopped">Whether a signal or a debugger has stopped it.</param>
/// <param name="Ticks">Processor time so far, in ticks.</param>
internal sealed record ProcessActivity(bool IsStopped, long Ticks)
{
    /// <summary>Null when there is no such process any more.</summary>
    public static ProcessActivity? Of(int process) => ProcessStat.Fields(process) is { } fields
        ? new ProcessActivity(
            fields[0] is "T" or "t",
            long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture))
        : null;
}
