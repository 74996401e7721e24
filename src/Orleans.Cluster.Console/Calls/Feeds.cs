using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>What a feed asks, in whose name, how often.</summary>
internal sealed record FeedKey(string Path, string? Session, TimeSpan Every);

/// <summary>
/// Questions that are asked again and again, one for all viewers who want the same. Nobody looking, nothing is asked.
/// </summary>
internal sealed class Feeds(GatewayHttp http, ILogger<Feeds> logger)
{
    private readonly ConcurrentDictionary<FeedKey, Feed> open = new();

    public IDisposable Follow<T>(FeedKey key, Func<Answer<T>, Task> hear)
        where T : class
    {
        while (true)
        {
            var feed = open.GetOrAdd(
                key, made => new Feed(made, http, ended => open.TryRemove(new KeyValuePair<FeedKey, Feed>(made, ended)), logger));
            if (feed.TryJoin(reply => hear(reply.Read<T>())) is { } following)
            {
                return following;
            }
        }
    }
}
