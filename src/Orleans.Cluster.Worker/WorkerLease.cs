namespace Orleans.Cluster.Worker;

/// <summary>
/// Whether this worker still holds what it runs. It does for as long after a report was sent that the queue has answered as the
/// queue waits for one. A worker that the queue has given up does not renew its executors: what they do counts for nothing, and
/// the job may be CANCELLED.
/// </summary>
/// <param name="lease">How long the queue waits.</param>
/// <param name="clock">For elapsed time.</param>
internal sealed class WorkerLease(TimeSpan lease, TimeProvider clock)
{
    private long heldSince = clock.GetTimestamp();

    /// <summary>Whether executors are to be renewed.</summary>
    public bool IsHeld => clock.GetElapsedTime(Volatile.Read(ref heldSince)) < lease;

    /// <summary>The queue has answered a report.</summary>
    /// <param name="sentAt">Time stamp before it was sent: the queue heard of it later, and counts from then.</param>
    public void Renew(long sentAt)
    {
        for (var known = Volatile.Read(ref heldSince); sentAt > known; known = Volatile.Read(ref heldSince))
        {
            if (Interlocked.CompareExchange(ref heldSince, sentAt, known) == known)
            {
                return;
            }
        }
    }
}
