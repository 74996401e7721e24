using System.Text;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Breaks text for people into lines that fit a terminal: between words, and inside of one that is longer than a line.
/// </summary>
internal static class TextLines
{
    /// <summary>From this width on, which no terminal has, nothing is broken or cut.</summary>
    public const int Unlimited = 400;

    /// <summary>Of a narrower rest of a line nothing can be read.</summary>
    private const int LeastWidth = 10;

    /// <summary>The lines of a text.</summary>
    /// <param name="text">One line or several.</param>
    /// <param name="width">Cells of the terminal.</param>
    /// <param name="hang">
    /// Spaces before each line that goes on; null for as many as the text begins with.
    /// </param>
    public static IEnumerable<string> Wrap(string text, int width, int? hang = null) =>
        text.ReplaceLineEndings("\n").Split('\n').SelectMany(line => WrapLine(line.TrimEnd(), width, hang));

    private static IEnumerable<string> WrapLine(string line, int width, int? hang)
    {
        var indent = new string(' ', Math.Min(hang ?? line.Length - line.TrimStart().Length, Math.Max(0, width - LeastWidth)));
        while (width < Unlimited && CellText.Width(line) > width)
        {
            var (fits, space) = Measure(line, width);
            // What stands before the first word is no place to break.
            var at = space > line.Length - line.TrimStart().Length ? space : fits;
            yield return line[..at].TrimEnd();
            line = indent + line[at..].TrimStart();
        }

        yield return line;
    }

    // How many chars fit, and where the last space among them (or right behind them) is.
    private static (int Fits, int Space) Measure(string line, int width)
    {
        var (at, used, space) = (0, 0, -1);
        foreach (var rune in line.EnumerateRunes())
        {
            if (rune.Value == ' ' && used > 0)
            {
                space = at;
            }

            used += CellText.Width(rune.ToString());
            if (used > width)
            {
                break;
            }

            at += rune.Utf16SequenceLength;
        }

        return (Math.Max(at, 1), space);
    }
}

/// <summary>A writer whose lines are broken between words.</summary>
/// <param name="inner">Where they go.</param>
/// <param name="width">Cells of the terminal; asked at each line, since a window may be made narrower.</param>
internal sealed class WrappedWriter(TextWriter inner, Func<int> width) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    /// <summary>A line whose rest is indented, by a third of the terminal at most.</summary>
    public void WriteLine(string text, int hang) => Write(TextLines.Wrap(text, width(), Math.Min(hang, width() / 3)));

    public override void WriteLine(string? value) => Write(TextLines.Wrap(value ?? "", width()));

    public override void WriteLine() => inner.WriteLine();

    public override void Write(char value) => inner.Write(value);

    public override void Write(string? value) => inner.Write(value);

    public override void Flush() => inner.Flush();

    private void Write(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            inner.WriteLine(line);
        }
    }
}
