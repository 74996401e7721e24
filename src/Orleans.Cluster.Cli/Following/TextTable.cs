using Orleans.Cluster.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

/// <summary>
/// A table as lines that fit the terminal. Long cells are cut with <c>…</c>, then columns leave by their rank, and a line says
/// which; a column of ids is never cut. Output that goes into a file or a pipe has everything.
/// </summary>
internal sealed class TextTable(params TableColumnHead[] heads) : Renderable
{
    /// <summary>From this width on, which no terminal has, nothing is cut.</summary>
    public const int Unlimited = 400;

    private const string Gap = "  ";

    private readonly List<string[]> rows = [];

    /// <summary>Rows, in order.</summary>
    public int Count => rows.Count;

    public void AddRow(params string[] cells)
    {
        if (cells.Length != heads.Length)
        {
            throw new ArgumentException($"A row of {cells.Length} cells in a table of {heads.Length} columns.", nameof(cells));
        }

        rows.Add([.. cells.Select(OneLine)]);
    }

    /// <summary>Whether columns would have to leave at that width.</summary>
    public bool LosesColumns(int width) => TableLayout.Fit(heads, NaturalWidths(), width).Count < heads.Length;

    /// <summary>The lines at a width.</summary>
    public IEnumerable<string> Lines(int width)
    {
        var places = TableLayout.Fit(heads, NaturalWidths(), width);
        yield return Line(places, place => heads[place].Name);
        yield return string.Join(Gap, places.Select(place => new string('─', place.Width)));
        foreach (var row in rows)
        {
            yield return Line(places, place => row[place]);
        }

        if (places.Count < heads.Length)
        {
            var left = heads.Where((_, index) => places.All(place => place.Index != index)).Select(head => head.Name);
            yield return CellText.Cut($"Not shown: {string.Join(", ", left)}. --json has all.", width);
        }
    }

    /// <summary>Each row as lines of name and value; for tables that are wider than the terminal.</summary>
    public IEnumerable<string> Records(int width)
    {
        var names = heads.Max(head => CellText.Width(head.Name));
        for (var number = 0; number < rows.Count; number++)
        {
            yield return CellText.Cut($"── row {number + 1} ──", width);
            for (var index = 0; index < heads.Length; index++)
            {
                yield return CellText.Cut($"{CellText.Pad(heads[index].Name, names)}  {rows[number][index]}", width).TrimEnd();
            }
        }
    }

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        foreach (var line in Lines(maxWidth))
        {
            yield return new Segment(line);
            yield return Segment.LineBreak;
        }
    }

    private static string Line(IReadOnlyList<TablePlace> places, Func<int, string> cell) =>
        string.Join(Gap, places.Select(place => CellText.Pad(CellText.Cut(cell(place.Index), place.Width), place.Width)))
        .TrimEnd();

    private static string OneLine(string text) => ShownText.Of(text.ReplaceLineEndings("⏎").Replace('\t', ' '));

    private int[] NaturalWidths() =>
        [.. heads.Select((head, index) => rows.Select(row => CellText.Width(row[index]))
            .Prepend(CellText.Width(head.Name)).Max())];
}
