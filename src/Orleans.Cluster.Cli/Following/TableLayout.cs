namespace Orleans.Cluster.Cli.Following;

/// <summary>A column's head.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="Rank">
/// Columns of the highest rank leave first; null for its place from the left, so that the last leaves first.
/// </param>
/// <param name="IsWhole">Its cells are never cut: ids, which somebody copies.</param>
internal sealed record TableColumnHead(string Name, int? Rank = null, bool IsWhole = false)
{
    public static implicit operator TableColumnHead(string name) => new(name);
}

/// <summary>A column that is shown, and its width.</summary>
internal readonly record struct TablePlace(int Index, int Width);

/// <summary>Decides which columns a table shows at a width, and how wide each is.</summary>
internal static class TableLayout
{
    /// <summary>Narrower than this a cut cell says nothing.</summary>
    private const int LeastWidth = 8;

    private const int Gap = 2;

    /// <returns>
    /// Places from left to right; the first column is always among them, narrower than its cells where nothing else helps.
    /// </returns>
    public static IReadOnlyList<TablePlace> Fit(IReadOnlyList<TableColumnHead> heads, IReadOnlyList<int> natural, int width)
    {
        var shown = Enumerable.Range(0, heads.Count).ToList();
        while (true)
        {
            var widths = Shrink(heads, natural, shown, width);
            if (Total(widths) <= width || shown.Count == 1 || width >= TextTable.Unlimited)
            {
                return [.. shown.Select((index, at) =>
                    new TablePlace(index, shown.Count == 1 ? Math.Min(widths[at], width) : widths[at]))];
            }

            shown.Remove(shown.Skip(1).OrderBy(index => heads[index].Rank ?? index).ThenBy(index => index).Last());
        }
    }

    // The widest column that may be cut gives first, a place at a time, so that what is left is even.
    private static int[] Shrink(IReadOnlyList<TableColumnHead> heads, IReadOnlyList<int> natural, List<int> shown, int width)
    {
        var widths = shown.Select(index => natural[index]).ToArray();
        if (width >= TextTable.Unlimited)
        {
            return widths;
        }

        while (Total(widths) > width)
        {
            var widest = -1;
            for (var at = 0; at < widths.Length; at++)
            {
                if (!heads[shown[at]].IsWhole && widths[at] > LeastWidth && (widest < 0 || widths[at] > widths[widest]))
                {
                    widest = at;
                }
            }

            if (widest < 0)
            {
                break;
            }

            widths[widest]--;
        }

        return widths;
    }

    private static int Total(int[] widths) => widths.Sum() + (Gap * (widths.Length - 1));
}
