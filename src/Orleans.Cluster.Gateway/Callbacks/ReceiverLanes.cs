namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>
/// Who may be posted to now: so many events at once in all, and so many to one receiver, so that one which does not answer takes
/// up a part of the places and no more, whatever waits for it. Not safe for several threads.
/// </summary>
internal sealed class ReceiverLanes(int mostInAll, int mostPerReceiver)
{
    private readonly Dictionary<string, int> busy = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Places that are free.</summary>
    public int Free { get; private set; } = mostInAll;

    /// <summary>Events that were refused since one was let in.</summary>
    public int Refused { get; private set; }

    /// <summary>Takes a place for an event; false when its receiver has all of its own, or none is free.</summary>
    public bool TryEnter(string url)
    {
        var receiver = ReceiverOf(url);
        var count = busy.GetValueOrDefault(receiver);
        if (Free == 0 || count >= mostPerReceiver)
        {
            Refused++;
            return false;
        }

        Refused = 0;
        busy[receiver] = count + 1;
        Free--;
        return true;
    }

    /// <summary>Gives it back.</summary>
    public void Leave(string url)
    {
        var receiver = ReceiverOf(url);
        Free++;
        if (--busy[receiver] == 0)
        {
            busy.Remove(receiver);
        }
    }

    // A host and port is one receiver, however many hooks it has: they share what makes it slow.
    private static string ReceiverOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.Authority : url;
}
