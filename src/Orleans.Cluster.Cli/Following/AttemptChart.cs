using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Following;

/// <summary>
/// Attempts over time as lines of text: a row for each slot, a character for each stretch of time. What is worse hides what is
/// better, so that a failure among a thousand short attempts is seen.
/// </summary>
internal static class AttemptChart
{
    /// <summary>What the characters mean.</summary>
    public const string Legend = "= committed   > running   c cancelled   L lost   F failed";

    private const string Ranks = " .=>cLF";
    private const int LeastWidth = 10;

    /// <summary>The lines at a width.</summary>
    /// <param name="timeline">Attempts; those that run end now.</param>
    /// <param name="now">The moment.</param>
    /// <param name="width">Cells of the terminal.</param>
    public static IEnumerable<string> Lines(Timeline timeline, DateTimeOffset now, int width)
    {
        if (timeline.Bars.Count == 0)
        {
            yield break;
        }

        var begin = timeline.Bars.Min(bar => bar.StartedAt);
        var end = timeline.Bars.Max(bar => bar.EndedAt ?? now);
        var rows = timeline.Bars.GroupBy(bar => $"{bar.Worker.Value}/{bar.Slot}")
            .OrderBy(row => row.Key, StringComparer.Ordinal).ToList();
        var names = rows.Max(row => row.Key.Length);
        var cells = Math.Max(LeastWidth, width - names - 1);
        foreach (var row in rows)
        {
            yield return $"{row.Key.PadRight(names)} {Row(row, begin, end, now, cells)}";
        }

        var span = Quantities.Duration(end - begin);
        yield return $"{new string(' ', names)} 0{span.PadLeft(cells - 1)}";
    }

    private static string Row(
        IEnumerable<TimelineBar> bars, DateTimeOffset begin, DateTimeOffset end, DateTimeOffset now, int cells)
    {
        var line = new string('.', cells).ToCharArray();
        var scale = Math.Max(1, (end - begin).Ticks);
        foreach (var bar in bars)
        {
            var from = (int)((bar.StartedAt - begin).Ticks * (double)cells / scale);
            var to = (int)Math.Ceiling(((bar.EndedAt ?? now) - begin).Ticks * (double)cells / scale);
            var first = Math.Clamp(from, 0, cells - 1);
            for (var cell = first; cell < Math.Max(first + 1, Math.Min(to, cells)); cell++)
            {
                var sign = Sign(bar.State);
                line[cell] = Ranks.IndexOf(sign, StringComparison.Ordinal) > Ranks.IndexOf(line[cell], StringComparison.Ordinal)
                    ? sign : line[cell];
            }
        }

        return new string(line);
    }

    private static char Sign(string state) => state switch
    {
        "COMMITTED" => '=',
        "RUNNING" => '>',
        "CANCELLED" => 'c',
        "LOST" => 'L',
        _ => 'F',
    };
}
