using System.Net.Http.Headers;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>
/// How long a receiver that says so is left alone. It can ask for more patience than it would have had, within the longest wait,
/// and not for less.
/// </summary>
internal static class ReceiverPatience
{
    /// <summary>What <c>Retry-After</c> asks for, as seconds or as a date; null for nothing, and for what is over.</summary>
    public static TimeSpan? Asked(RetryConditionHeaderValue? header, DateTimeOffset now)
    {
        var asked = header?.Delta ?? header?.Date - now;
        return asked > TimeSpan.Zero ? asked : null;
    }

    /// <summary>The wait before the next try.</summary>
    public static TimeSpan Longer(TimeSpan usual, TimeSpan? asked, TimeSpan longest) =>
        asked is { } wanted && wanted > usual ? (wanted < longest ? wanted : longest) : usual;
}
