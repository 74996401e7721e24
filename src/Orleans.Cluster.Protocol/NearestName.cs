namespace Orleans.Cluster.Protocol;

/// <summary>Guesses which known name a misspelt one was meant to be.</summary>
public static class NearestName
{
    private const int LongestName = 64;

    // A table may have tens of thousands of columns; each takes some microseconds.
    private const int MostKnown = 2_000;

    /// <returns>The nearest of the first 2,000, or null when none is near.</returns>
    public static string? Find(string name, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(name);
        var folded = Fold(name);
        return known.Take(MostKnown)
            .Select(candidate => (candidate, distance: Distance(folded, Fold(candidate))))
            .Where(pair => pair.distance <= Math.Max(1, pair.candidate.Length / 3))
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    // 'group_by', 'group-by' and 'GroupBy' are the same word to whoever writes them.
    private static string Fold(string word) =>
        new([.. word.Where(char.IsLetterOrDigit).Take(LongestName).Select(char.ToLowerInvariant)]);

    /// <summary>Edits between two words; two swapped neighbours count as one.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 ? j : j == 0 ? i : Nearest(rows, a, b, i, j);
            }
        }

        return rows[a.Length, b.Length];
    }

    private static int Nearest(int[,] rows, string a, string b, int i, int j)
    {
        var replace = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        var best = Math.Min(replace, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
        var swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
        return swapped ? Math.Min(best, rows[i - 2, j - 2] + 1) : best;
    }
}
