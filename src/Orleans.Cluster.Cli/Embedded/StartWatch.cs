using System.Diagnostics;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>
/// Decides how long to wait for a cluster that starts. A busy machine makes it slow, which is no reason to give up: only a
/// process that neither writes nor computes is stuck.
/// </summary>
internal sealed class StartWatch(TimeSpan stallLimit, TimeSpan noteEvery)
{
    /// <summary>Less processor time than this between two looks is what an idle process uses.</summary>
    private static readonly TimeSpan LeastWork = TimeSpan.FromMilliseconds(20);

    private TimeSpan lastProgress;
    private TimeSpan lastNote;
    private TimeSpan processor;
    private int lines;

    /// <summary>Looks at what the process has done by now.</summary>
    /// <param name="elapsed">Time since it started.</param>
    /// <param name="processorTime">Processor time that it has used.</param>
    /// <param name="linesWritten">Lines that it has written.</param>
    /// <returns>Whether it is stuck, and whether it is time to tell that one still waits.</returns>
    public (bool IsStuck, bool ShouldTell) Look(TimeSpan elapsed, TimeSpan processorTime, int linesWritten)
    {
        if (processorTime - processor >= LeastWork || linesWritten > lines)
        {
            (processor, lines, lastProgress) = (processorTime, linesWritten, elapsed);
        }

        var tell = elapsed - lastNote >= noteEvery;
        if (tell)
        {
            lastNote = elapsed;
        }

        return (elapsed - lastProgress > stallLimit, tell);
    }

    /// <summary>Processor time of a process; what was seen last once it is gone.</summary>
    public TimeSpan ProcessorTimeOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.HasExited ? processor : process.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            return processor;
        }
    }
}
