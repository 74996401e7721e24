using System.Text;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>Text measured in cells of a terminal, where a Chinese character takes two and an accent none.</summary>
internal static class CellText
{
    public static int Width(string text) => new Segment(text).CellCount();

    public static string Pad(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    /// <summary>The text in that many cells at most, with <c>…</c> for what is missing.</summary>
    public static string Cut(string text, int width)
    {
        if (Width(text) <= width)
        {
            return text;
        }

        var kept = new StringBuilder();
        var used = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            used += Width(rune.ToString());
            if (used > width - 1)
            {
                break;
            }

            kept.Append(rune);
        }

        return kept.Append('…').ToString();
    }

    /// <summary>
    /// The same with <c>…</c> in the middle: of long names the end tells more than what most of them begin with.
    /// </summary>
    public static string CutInside(string text, int width)
    {
        if (Width(text) <= width || width < 3)
        {
            return Cut(text, width);
        }

        var end = new Stack<string>();
        var used = 0;
        foreach (var rune in text.EnumerateRunes().Reverse().Select(rune => rune.ToString()))
        {
            if (used + Width(rune) > (width - 1) / 2)
            {
                break;
            }

            used += Width(rune);
            end.Push(rune);
        }

        return Cut(text, width - used) + string.Concat(end);
    }
}
