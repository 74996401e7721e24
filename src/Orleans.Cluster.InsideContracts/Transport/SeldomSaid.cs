namespace Orleans.Cluster.InsideContracts.Transport;

/// <summary>
/// Bounds lines of the log that whoever reaches a port can make, so that they do not fill the disk: one each ten seconds.
/// </summary>
internal sealed class SeldomSaid(TimeProvider clock)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    private long saidAt = long.MinValue;

    /// <summary>Whether the line may be written now; if so, the next may not for a while.</summary>
    public bool IsTime()
    {
        var (now, last) = (clock.GetTimestamp(), Interlocked.Read(ref saidAt));
        return (last == long.MinValue || clock.GetElapsedTime(last, now) > Between)
            && Interlocked.CompareExchange(ref saidAt, now, last) == last;
    }
}
