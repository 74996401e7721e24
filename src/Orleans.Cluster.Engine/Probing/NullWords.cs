namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Words that often stand for a missing value. They mean NULL only where the user says so; samples count them to be able to ask.
/// </summary>
internal static class NullWords
{
    private static readonly string[] Words = ["NA", "N/A", "#N/A", "<NA>", "NULL", "None", ".", "-", "--", "?", "NaN", ""];

    /// <summary>The number of a word, from 0; -1 for any other text.</summary>
    public static int IndexOf(ReadOnlySpan<char> text)
    {
        if (text.Length > 4)
        {
            return -1;
        }

        for (var i = 0; i < Words.Length; i++)
        {
            if (text.Equals(Words[i], StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Words by a set of their numbers.</summary>
    public static IEnumerable<string> Of(int set) => Words.Where((_, i) => (set & (1 << i)) != 0);
}
