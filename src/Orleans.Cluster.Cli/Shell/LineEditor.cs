using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Shell;

/// <summary>What a line ended with.</summary>
/// <param name="Text">The line; null when the user is done with the shell.</param>
/// <param name="IsDropped">Whether Ctrl-C dropped it, and with it what had been typed of its statement.</param>
internal sealed record TypedLine(string? Text, bool IsDropped = false);

/// <summary>Words that could stand where the cursor is.</summary>
/// <param name="From">Where the word begins that they would replace.</param>
/// <param name="Words">Whole words, in order.</param>
internal sealed record Completion(int From, IReadOnlyList<string> Words)
{
    /// <summary>The beginning that all words share.</summary>
    public string Shared => Words.Count == 0 ? "" : Words.Aggregate((shared, word) => shared[..SharedLength(shared, word)]);

    private static int SharedLength(string a, string b)
    {
        var length = 0;
        while (length < Math.Min(a.Length, b.Length) && char.ToUpperInvariant(a[length]) == char.ToUpperInvariant(b[length]))
        {
            length++;
        }

        return length;
    }
}

/// <summary>
/// Reads a line from a terminal: cursor keys, history, completion. A line that is wider than the terminal scrolls sideways.
/// </summary>
/// <param name="read">The next key.</param>
/// <param name="write">Writes to the terminal.</param>
/// <param name="width">Cells of the terminal now.</param>
internal sealed class LineEditor(Func<ConsoleKeyInfo> read, Action<string> write, Func<int> width)
{
    private const int WordsShown = 60;

    /// <summary>Reads one line.</summary>
    /// <param name="prompt">What is before it.</param>
    /// <param name="history">Earlier lines, the newest last.</param>
    /// <param name="complete">Words for the text before the cursor.</param>
    public async Task<TypedLine> ReadAsync(string prompt, IReadOnlyList<string> history, Func<string, Task<Completion>> complete)
    {
        var line = new LineBuffer(history);
        while (true)
        {
            Draw(prompt, line);
            var key = read();
            var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    write("\r\n");
                    return new TypedLine(line.Text);
                case ConsoleKey.C when isControl:
                    write("^C\r\n");
                    return new TypedLine("", IsDropped: true);
                case ConsoleKey.D when isControl && line.Text.Length == 0:
                    write("\r\n");
                    return new TypedLine(null);
                case ConsoleKey.L when isControl:
                    write("\u001b[H\u001b[2J");
                    break;
                case ConsoleKey.Tab:
                    Complete(line, await complete(line.Before));
                    break;
                default:
                    line.Press(key);
                    break;
            }
        }
    }

    private void Complete(LineBuffer line, Completion found)
    {
        if (found.Words.Count == 0)
        {
            return;
        }

        var word = found.Words.Count == 1 ? found.Words[0] + (found.Words[0][^1] is '/' or '\'' ? "" : " ") : found.Shared;
        if (word.Length > line.Cursor - found.From)
        {
            line.Replace(found.From, word);
            return;
        }

        if (found.Words.Count > 1)
        {
            var more = found.Words.Count > WordsShown ? "  ..." : "";
            write($"\r\n{string.Join("  ", found.Words.Take(WordsShown))}{more}\r\n");
        }
    }

    // The whole line is drawn again: simple, and right whatever the key did.
    private void Draw(string prompt, LineBuffer line)
    {
        var room = Math.Max(10, width() - prompt.Length - 1);
        var skipped = 0;
        while (CellText.Width(line.Text[skipped..line.Cursor]) >= room)
        {
            skipped++;
        }

        var visible = line.Text[skipped..];
        while (CellText.Width(visible) > room)
        {
            visible = visible[..^1];
        }

        var back = CellText.Width(visible) - CellText.Width(line.Text[skipped..line.Cursor]);
        write($"\r\u001b[K{prompt}{visible}{(back > 0 ? $"\u001b[{back}D" : "")}");
    }
}
