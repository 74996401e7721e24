namespace Orleans.Cluster.Grains.Planning;

/// <summary>Values by key, of which the least recently used go first once they are too many or weigh too much together. For many threads.</summary>
/// <param name="maxEntries">Most values.</param>
/// <param name="maxWeight">Most that all values may weigh together; the newest one stays, whatever it weighs.</param>
internal sealed class RecentValues<TValue>(int maxEntries, long maxWeight)
    where TValue : class
{
    private readonly Lock sync = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> byUse = new();
    private long held;

    /// <summary>The value of a key; null when it is not there, or no longer.</summary>
    public TValue? Find(string key)
    {
        lock (sync)
        {
            if (!byKey.TryGetValue(key, out var node))
            {
                return null;
            }

            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Value;
        }
    }

    /// <summary>Keeps a value. A key that is there keeps the value that it has.</summary>
    public void Add(string key, TValue value, long weight)
    {
        lock (sync)
        {
            if (byKey.ContainsKey(key))
            {
                return;
            }

            byKey[key] = byUse.AddFirst(new Entry(key, value, weight));
            held += weight;
            while (byUse.Count > 1 && (byUse.Count > maxEntries || held > maxWeight))
            {
                var last = byUse.Last!.Value;
                byUse.RemoveLast();
                byKey.Remove(last.Key);
                held -= last.Weight;
            }
        }
    }

    private sealed record Entry(string Key, TValue Value, long Weight);
}
