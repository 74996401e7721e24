namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Since when the queue has listened without a break. One whose process stood still has heard nobody meanwhile: the silence is
/// its own, and no worker's. It would otherwise take, in its first moments, what every worker runs for the queue that has taken
/// its place.
/// </summary>
/// <param name="since">When it began to listen.</param>
/// <param name="longestBreak">Longer than the queue is ever busy with one thing.</param>
public sealed class Attention(DateTimeOffset since, TimeSpan longestBreak)
{
    private DateTimeOffset last = since;

    /// <summary>Since when nothing was missed.</summary>
    public DateTimeOffset Since { get; private set; } = since;

    /// <summary>Said whenever the queue does something, before it judges anybody.</summary>
    public void Note(DateTimeOffset now)
    {
        if (now - last > longestBreak)
        {
            Since = now;
        }

        last = now;
    }

    /// <summary>For how long a worker has been silent while somebody listened.</summary>
    /// <param name="heard">When it last reported; null when it never did.</param>
    /// <param name="now">The present.</param>
    public TimeSpan SilenceOf(DateTimeOffset? heard, DateTimeOffset now) => now - (heard > Since ? heard.Value : Since);
}
