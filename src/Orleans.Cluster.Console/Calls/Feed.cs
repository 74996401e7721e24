namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>One repeated question and those who listen. It ends with its last listener.</summary>
internal sealed class Feed(FeedKey key, GatewayHttp http, Action<Feed> ended)
{
    /// <summary>How much more seldom than wanted a document is asked for that never changes.</summary>
    private const int Slowest = 5;

    private readonly Lock gate = new();
    private readonly List<Listener> listeners = [];
    private readonly CancellationTokenSource stop = new();
    private Reply? last;
    private bool isOver;

    /// <summary>Adds a listener; null when the feed has ended.</summary>
    public IDisposable? TryJoin(Func<Reply, Task> hear)
    {
        var listener = new Listener(this, hear);
        Reply? known;
        lock (gate)
        {
            if (isOver)
            {
                return null;
            }

            listeners.Add(listener);
            known = last;
            if (listeners.Count == 1 && known is null)
            {
                _ = Task.Run(() => Run(stop.Token));
            }
        }

        if (known is not null)
        {
            _ = hear(known);
        }

        return listener;
    }

    private void Leave(Listener listener)
    {
        lock (gate)
        {
            listeners.Remove(listener);
            if (isOver || listeners.Count > 0)
            {
                return;
            }

            isOver = true;
        }

        ended(this);
        stop.Cancel();
    }

    private async Task Run(CancellationToken cancellationToken)
    {
        var quiet = 1.0;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var reply = await http.Send(HttpMethod.Get, key.Path, key.Session, cancellationToken: cancellationToken);
                quiet = last is { } before && before.Status == reply.Status
                    && before.Content.AsSpan().SequenceEqual(reply.Content)
                    ? Math.Min(Slowest, quiet * 1.3)
                    : 1;
                if (quiet == 1)
                {
                    last = reply;
                    await Task.WhenAll(Listeners().Select(listener => listener.Hear(reply)));
                }

                await Task.Delay(key.Every * quiet, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        finally
        {
            stop.Dispose();
        }
    }

    private Listener[] Listeners()
    {
        lock (gate)
        {
            return [.. listeners];
        }
    }

    private sealed class Listener(Feed feed, Func<Reply, Task> hear) : IDisposable
    {
        public Task Hear(Reply reply) => hear(reply);

        public void Dispose() => feed.Leave(this);
    }
}
