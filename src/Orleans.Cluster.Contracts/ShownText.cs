using System.Globalization;
using System.Text;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// Text of others as it may be shown to people: what moves the cursor, colours, rings or turns the order of letters around is
/// shown as an escape. Names and cells come from whoever wrote them.
/// </summary>
public static class ShownText
{
    /// <summary>The text with escapes for its control characters; the same text when it has none.</summary>
    /// <param name="text">What somebody wrote.</param>
    /// <param name="keep">Control characters that may stand in it, such as those that end lines.</param>
    public static string Of(string text, string keep = "")
    {
        if (!text.Any(c => IsControl(c, keep)))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = !IsControl(c, keep) ? shown.Append(c)
                : c < 0x100 ? shown.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}")
                : shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return shown.ToString();
    }

    /// <summary>The same, and of a long text its beginning.</summary>
    public static string Of(string text, int most)
    {
        var shown = Of(text.Length <= most ? text : text[..most]);
        return text.Length <= most ? shown : $"{shown}...";
    }

    // Beside the control characters those that set the direction of writing, and the separators of lines and paragraphs.
    private static bool IsControl(char c, string keep) =>
        (
            char.IsControl(c)
                || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or '\u200e'
                    or '\u200f' or '\ufeff')
        && !keep.Contains(c, StringComparison.Ordinal);
}
