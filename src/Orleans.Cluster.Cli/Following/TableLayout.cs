using Orleans.Cluster.Cli.Terminal;

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

    /// <summary>A head is cut where it is longer than that, and only then.</summary>
    private const int LongHead = 20;

    /// <summary>Places of the columns that are shown.</summary>
    /// <param name="heads">The columns.</param>
    /// <param name="natural">Width of the widest cell or head of each.</param>
    /// <param name="width">Cells of the terminal.</param>
    /// <param name="isEmpty">Whether a column has nothing but its head: such a one leaves before any other is cut.</param>
    /// <returns>
    /// Places from left to right; the first column is always among them, narrower than its cells where nothing else helps.
    /// </returns>
    public static IReadOnlyList<TablePlace> Fit(IReadOnlyList<TableColumnHead> heads, IReadOnlyList<int> natural, int width,
        Func<int, bool>? isEmpty = null)
    {
        var shown = Enumerable.Range(0, heads.Count).ToList();
        while (isEmpty is not null && width < TextTable.Unlimited && Total([.. shown.Select(index => natural[index])]) > width
            && shown.Skip(1).Where(isEmpty).OrderBy(index => heads[index].Rank ?? index).Cast<int?>().LastOrDefault()
                is { } empty)
        {
            shown.Remove(empty);
        }

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
                if (widths[at] > Least(heads[shown[at]]) && (widest < 0 || widths[at] > widths[widest]))
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

    // A head that is cut to eight letters does not tell its column from its neighbour.
    private static int Least(TableColumnHead head) => head.IsWhole
        ? int.MaxValue
        : Math.Max(LeastWidth, Math.Min(CellText.Width(head.Name), LongHead));

    private static int Total(int[] widths) => widths.Sum() + (Gap * (widths.Length - 1));
}
