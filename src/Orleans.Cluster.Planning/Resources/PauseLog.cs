namespace Orleans.Cluster.Planning.Resources;

/// <summary>
/// How much of the last while a process stood still, from a pulse that should come every <paramref name="period"/>: collections
/// of the runtime, a machine short of processors or of memory, a stopped process all look alike here, and to whoever waits for
/// its reports. Times are since any fixed moment, of a clock that nobody sets. Not safe for several threads.
/// </summary>
/// <param name="window">How far back it looks.</param>
/// <param name="period">Time between two pulses.</param>
/// <param name="least">Shorter delays are the ordinary course of a busy machine and count as none.</param>
public sealed class PauseLog(TimeSpan window, TimeSpan period, TimeSpan least)
{
    private readonly Queue<(TimeSpan From, TimeSpan Until)> pauses = [];
    private TimeSpan? last;

    /// <summary>The pulse has come.</summary>
    public void Pulse(TimeSpan now)
    {
        if (PauseUntil(now) is { } pause)
        {
            pauses.Enqueue(pause);
        }

        last = now;
        Forget(now);
    }

    /// <summary>Part of the window that was paused, 0 to 1; a pause that has not ended yet counts.</summary>
    public double Share(TimeSpan now)
    {
        Forget(now);
        var begin = now - window;
        var all = PauseUntil(now) is { } pause ? pauses.Append(pause) : pauses;
        return all.Sum(one => (one.Until - (one.From > begin ? one.From : begin)) / window);
    }

    private (TimeSpan From, TimeSpan Until)? PauseUntil(TimeSpan now) =>
        last is { } before && now - before - period >= least ? (before + period, now) : null;

    private void Forget(TimeSpan now)
    {
        while (pauses.TryPeek(out var oldest) && oldest.Until <= now - window)
        {
            pauses.Dequeue();
        }
    }
}
