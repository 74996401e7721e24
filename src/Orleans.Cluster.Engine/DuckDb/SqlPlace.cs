using System.Globalization;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>A fault of a query with its line and a mark below its place, as the engine shows those that it finds later.</summary>
internal static class SqlPlace
{
    private const int ShownBefore = 80;
    private const int Shown = 160;

    /// <summary>The message, and below it the line and the mark.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="sql">The query.</param>
    /// <param name="position">
    /// Characters (code points) of the query before the place, as a number; null where it is not known.
    /// </param>
    public static string Mark(string message, string sql, string? position)
    {
        if (!int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            return message;
        }

        var before = sql[..sql.EnumerateRunes().Take(at).Sum(rune => rune.Utf16SequenceLength)];
        var begin = before.LastIndexOf('\n') + 1;
        var (line, column) = (before.AsSpan().Count('\n'), before.Length - begin);
        var text = sql.Split('\n')[line].TrimEnd('\r');
        var cut = Math.Max(0, column - ShownBefore);
        var head = $"LINE {line + 1}: {(cut > 0 ? "..." : "")}";
        var shown = text[cut..Math.Min(text.Length, cut + Shown)].Replace('\t', ' ');
        return $"{message}\n\n{head}{shown}\n{new string(' ', head.Length + column - cut)}^";
    }
}
