using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// A place in a <see cref="FairList"/>: highest level first, oldest first within a level. As text it is the token of a page that
/// ends there.
/// </summary>
public readonly record struct FairKey(int Level, DateTimeOffset CreatedAt, JobId Job)
{
    /// <summary>As text, for a reader to bring back.</summary>
    public string ToToken() => string.Create(CultureInfo.InvariantCulture, $"{Level}-{CreatedAt.UtcTicks}-{Job}");

    /// <summary>From that text; null when it is none.</summary>
    public static FairKey? FromToken(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return token.Split('-') is [var level, var ticks, var id]
            && int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= (int)JobPriority.Critical
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var created)
            && created <= DateTimeOffset.MaxValue.UtcTicks
            && JobId.TryParse(id, CultureInfo.InvariantCulture, out var job)
            ? new FairKey(number, new DateTimeOffset(created, TimeSpan.Zero), job)
            : null;
    }
}
