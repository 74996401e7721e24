using System.Text;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

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
}
