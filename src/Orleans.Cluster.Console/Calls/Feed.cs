using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>One repeated question and those who listen. It ends with its last listener, and with nothing else.</summary>
internal sealed partial class Feed(FeedKey key, GatewayHttp http, Action<Feed> ended, ILogger logger)
{
    /// <summary>How much more seldom than wanted a document is asked for that never changes.</summary>
    private const int Slowest = 5;

    private readonly Lock gate = new();
    private readonly List<Listener> listeners = [];
    private readonly CancellationTokenSource stop = new();
    private Reply? last;
    private bool isOver;

    /// <summary>Adds a listener; null when the feed has ended.</summary>
    /// <param name="hear">
    /// Called with what is known, then with each change, one at a time and never with an older answer after a newer one; answers
    /// that come while it is at one are left out but for the newest.
    /// </param>
    public IDisposable? TryJoin(Func<Reply, Task> hear)
    {
        var listener = new Listener(this, hear);
        lock (gate)
        {
            if (isOver)
            {
                return null;
            }

            listeners.Add(listener);
            if (last is not null)
            {
                listener.Take(last);
            }
            else if (listeners.Count == 1)
            {
                _ = Task.Run(() => Run(stop.Token));
            }
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
                quiet = await Ask(cancellationToken) is { } reply && Tell(reply) ? 1 : Math.Min(Slowest, quiet * 1.3);
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

    // What nobody expected costs an answer, and not all that would come after it.
    private async Task<Reply?> Ask(CancellationToken cancellationToken)
    {
        try
        {
            return await http.Send(HttpMethod.Get, key.Path, key.Session, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(e);
            return null;
        }
    }

    // Whether it is another answer than the last.
    private bool Tell(Reply reply)
    {
        lock (gate)
        {
            if (last is { } before && before.Status == reply.Status && before.Content.AsSpan().SequenceEqual(reply.Content))
            {
                return false;
            }

            last = reply;
            listeners.ForEach(listener => listener.Take(reply));
            return true;
        }
    }

    private void Fail(Exception fault) => Log.Failed(logger, key.Path, fault);

    // One that is slow, or fails, is waited for by nobody else.
    private sealed class Listener(Feed feed, Func<Reply, Task> hear) : IDisposable
    {
        private Reply? next;
        private bool isAtOne;

        // Within the feed's lock.
        public void Take(Reply reply)
        {
            next = reply;
            if (!isAtOne)
            {
                isAtOne = true;
                _ = Task.Run(HearAll);
            }
        }

        public void Dispose() => feed.Leave(this);

        private async Task HearAll()
        {
            while (Next() is { } reply)
            {
                try
                {
                    await hear(reply);
                }
                catch (Exception e)
                {
                    feed.Fail(e);
                }
            }
        }

        private Reply? Next()
        {
            lock (feed.gate)
            {
                var reply = next;
                next = null;
                isAtOne = reply is not null;
                return reply;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5540, LogLevel.Error, "{Path} could not be asked, or its answer not be shown.")]
        public static partial void Failed(ILogger logger, string path, Exception fault);
    }
}
