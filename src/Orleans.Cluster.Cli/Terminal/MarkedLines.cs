using System.Text.RegularExpressions;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>A line of a query with a mark below it, cut on both sides so that the mark stays where it points.</summary>
internal static partial class MarkedLines
{
    /// <summary>The lines, each marked one with its mark not wider than the terminal.</summary>
    public static IEnumerable<string> Fit(IReadOnlyList<string> lines, int width)
    {
        for (var at = 0; at < lines.Count; at++)
        {
            if (at + 1 < lines.Count && Mark().IsMatch(lines[at + 1])
                && Math.Max(lines[at].Length, lines[at + 1].Length) > width && width < TextLines.Unlimited)
            {
                var (text, mark) = Window(lines[at], lines[at + 1].IndexOf('^', StringComparison.Ordinal), width);
                yield return text;
                yield return mark;
                at++;
            }
            else
            {
                yield return lines[at];
            }
        }
    }

    private static (string Text, string Mark) Window(string line, int mark, int width)
    {
        var prefix = Prefix().Match(line).Value;
        var room = Math.Max(4, width - prefix.Length);
        var (query, at) = (line[prefix.Length..], Math.Max(0, mark - prefix.Length));
        var begin = Math.Clamp(at - (room / 2), 0, Math.Max(0, query.Length - room));
        var shown = query.Substring(begin, Math.Min(room, query.Length - begin));
        shown = (begin > 0 ? "…" + shown[1..] : shown) is var cut && begin + shown.Length < query.Length ? cut[..^1] + "…" : cut;
        return (prefix + shown, new string(' ', prefix.Length + at - begin) + "^");
    }

    [GeneratedRegex(@"^\s*\^\s*$")]
    private static partial Regex Mark();

    [GeneratedRegex("^(LINE [0-9]+: )?")]
    private static partial Regex Prefix();
}
