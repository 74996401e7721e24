namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// How much of something each caller holds at a time, where waiting would only hold more. Whoever has no name is the cluster's
/// only caller and has no bound.
/// </summary>
internal sealed class CallerShare(int most)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> held = new(StringComparer.Ordinal);

    /// <summary>Takes one, which is given back when it is disposed of; null when the caller has all that it may.</summary>
    public IDisposable? TryTake(string? caller)
    {
        if (string.IsNullOrEmpty(caller))
        {
            return new Piece(null, "");
        }

        lock (gate)
        {
            var count = held.GetValueOrDefault(caller);
            if (count >= most)
            {
                return null;
            }

            held[caller] = count + 1;
            return new Piece(this, caller);
        }
    }

    private void GiveBack(string caller)
    {
        lock (gate)
        {
            if (--held[caller] == 0)
            {
                held.Remove(caller);
            }
        }
    }

    private sealed class Piece(CallerShare? share, string caller) : IDisposable
    {
        private int isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isOver, 1) == 0)
            {
                share?.GiveBack(caller);
            }
        }
    }
}
