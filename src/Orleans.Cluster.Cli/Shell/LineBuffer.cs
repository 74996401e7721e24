namespace Orleans.Cluster.Cli.Shell;

/// <summary>A line while it is typed: its text and the place of the cursor, changed key by key. It knows no terminal.</summary>
internal sealed class LineBuffer(IReadOnlyList<string> history)
{
    private int shown = history.Count;
    private string typed = "";

    public string Text { get; private set; } = "";

    public int Cursor { get; private set; }

    /// <summary>What is before the cursor.</summary>
    public string Before => Text[..Cursor];

    /// <summary>Takes a key.</summary>
    /// <returns>Whether it meant something here.</returns>
    public bool Press(ConsoleKeyInfo key)
    {
        var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when isControl: Cursor = WordBefore(); return true;
            case ConsoleKey.RightArrow when isControl: Cursor = WordAfter(); return true;
            case ConsoleKey.LeftArrow: Cursor = Math.Max(0, Cursor - 1); return true;
            case ConsoleKey.RightArrow: Cursor = Math.Min(Text.Length, Cursor + 1); return true;
            case ConsoleKey.Home: Cursor = 0; return true;
            case ConsoleKey.End: Cursor = Text.Length; return true;
            case ConsoleKey.UpArrow: Recall(shown - 1); return true;
            case ConsoleKey.DownArrow: Recall(shown + 1); return true;
            case ConsoleKey.Backspace: Remove(Math.Max(0, Cursor - 1), Cursor); return true;
            case ConsoleKey.Delete: Remove(Cursor, Math.Min(Text.Length, Cursor + 1)); return true;
            default: return isControl ? PressControl(key.Key) : Type(key.KeyChar);
        }
    }

    /// <summary>Puts text in place of what is between a place and the cursor.</summary>
    public void Replace(int from, string by)
    {
        Text = Text[..from] + by + Text[Cursor..];
        Cursor = from + by.Length;
    }

    private bool PressControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A: Cursor = 0; return true;
            case ConsoleKey.E: Cursor = Text.Length; return true;
            case ConsoleKey.B: Cursor = Math.Max(0, Cursor - 1); return true;
            case ConsoleKey.F: Cursor = Math.Min(Text.Length, Cursor + 1); return true;
            case ConsoleKey.P: Recall(shown - 1); return true;
            case ConsoleKey.N: Recall(shown + 1); return true;
            case ConsoleKey.U: Remove(0, Cursor); return true;
            case ConsoleKey.K: Remove(Cursor, Text.Length); return true;
            case ConsoleKey.W: Remove(WordBefore(), Cursor); return true;
            case ConsoleKey.H: Remove(Math.Max(0, Cursor - 1), Cursor); return true;
            default: return false;
        }
    }

    private bool Type(char character)
    {
        if (char.IsControl(character))
        {
            return false;
        }

        Replace(Cursor, $"{character}");
        return true;
    }

    private void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    // One step past the newest is the line that was being typed.
    private void Recall(int which)
    {
        if (which < 0 || which > history.Count)
        {
            return;
        }

        typed = shown == history.Count ? Text : typed;
        shown = which;
        Text = shown == history.Count ? typed : history[shown];
        Cursor = Text.Length;
    }

    private int WordBefore()
    {
        var at = Cursor;
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1]))
        {
            at--;
        }

        while (at > 0 && char.IsLetterOrDigit(Text[at - 1]))
        {
            at--;
        }

        return at;
    }

    private int WordAfter()
    {
        var at = Cursor;
        while (at < Text.Length && !char.IsLetterOrDigit(Text[at]))
        {
            at++;
        }

        while (at < Text.Length && char.IsLetterOrDigit(Text[at]))
        {
            at++;
        }

        return at;
    }
}
