namespace Orleans.Cluster.Cli.Arguments;

/// <summary>Guesses which known word a misspelt one was meant to be.</summary>
internal static class NearestWord
{
    private const int LongestWord = 64;

    /// <returns>The nearest, or null when none is near.</returns>
    public static string? Find(string word, IEnumerable<string> known) => known
        .Select(candidate => (candidate, Distance: Distance(Fold(word), Fold(candidate))))
        // Of two words of one letter each is as near as any other.
        .Where(pair => pair.Distance <= Math.Max(1, Fold(pair.candidate).Length / 3)
            && pair.Distance < Math.Max(Fold(word).Length, Fold(pair.candidate).Length))
        .OrderBy(pair => pair.Distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    private static string Fold(string word) =>
        new([.. word.Where(char.IsLetterOrDigit).Take(LongestWord).Select(char.ToLowerInvariant)]);

    /// <summary>Edits between two words; two swapped neighbours count as one.</summary>
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var last = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, last) = (last, row);
        }

        return last[b.Length];
    }
}
