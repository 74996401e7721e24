using System.Text;

namespace Orleans.Cluster.Cli.Shell;

/// <summary>How a statement's rows are asked for.</summary>
/// <param name="Text">The SQL without its end mark.</param>
/// <param name="IsVertical">Whether it ended with <c>\G</c>: each row as lines of name and value.</param>
internal sealed record Statement(string Text, bool IsVertical);

/// <summary>
/// Lines that are typed, up to the end of a statement: a semicolon, or <c>\G</c>, outside of quotes and comments. What follows
/// the end on its line begins the next statement.
/// </summary>
internal sealed class StatementText
{
    private readonly StringBuilder text = new();

    /// <summary>Whether nothing has been typed since the last end.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(text.ToString());

    /// <summary>Adds a line.</summary>
    /// <returns>Statements that are whole now, in order; empty ones are left out.</returns>
    public IReadOnlyList<Statement> Add(string line)
    {
        text.Append(line).Append('\n');
        var whole = new List<Statement>();
        while (FindEnd(text.ToString()) is var (end, length) && end >= 0)
        {
            var statement = text.ToString(0, end).Trim();
            var isVertical = length > 1;
            text.Remove(0, end + length);
            if (statement.Length > 0)
            {
                whole.Add(new Statement(statement, isVertical));
            }
        }

        return whole;
    }

    /// <summary>What was typed and has no end; it is forgotten.</summary>
    public string Take()
    {
        var left = text.ToString().Trim();
        text.Clear();
        return left;
    }

    private static (int End, int Length) FindEnd(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\'' or '"':
                    at = Skip(text, at + 1, $"{text[at]}");
                    break;
                case '-' when Follows(text, at, "--"):
                    at = Skip(text, at, "\n");
                    break;
                case '/' when Follows(text, at, "/*"):
                    at = Skip(text, at + 2, "*/");
                    break;
                case ';':
                    return (at, 1);
                case '\\' when Follows(text, at, @"\G"):
                    return (at, 2);
            }
        }

        return (-1, 0);
    }

    private static bool Follows(string text, int at, string sign) => string.CompareOrdinal(text, at, sign, 0, sign.Length) == 0;

    // The last place of the end mark; a quote that is doubled ends and begins again, which comes to the same.
    private static int Skip(string text, int from, string end)
    {
        var found = from >= text.Length ? -1 : text.IndexOf(end, from, StringComparison.Ordinal);
        return found < 0 ? text.Length : found + end.Length - 1;
    }
}
