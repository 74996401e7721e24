using Orleans.Cluster.Cli.Terminal;
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
    public const int Unlimited = TextLines.Unlimited;

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
    public bool LosesColumns(int width) => Fit(width).Count < heads.Length;

    /// <summary>The lines at a width.</summary>
    public IEnumerable<string> Lines(int width)
    {
        var places = Fit(width);
        yield return Line(places, place => heads[place].Name);
        yield return string.Join(Gap, places.Select(place => new string('─', place.Width)));
        foreach (var row in rows)
        {
            yield return Line(places, place => row[place]);
        }

        // What is not there is not missed.
        var left = heads.Where((_, index) => !IsEmpty(index) && places.All(place => place.Index != index))
            .Select(head => head.Name).ToList();
        foreach (var line in left.Count == 0
            ? [] : TextLines.Wrap($"Not shown: {string.Join(", ", left)}. --json has all.", width))
        {
            yield return line;
        }
    }

    /// <summary>Each row as lines of name and value; for tables that are wider than the terminal.</summary>
    public IEnumerable<string> Records(int width)
    {
        // Names are cut before values are, and not where the values leave them room.
        var widest = rows.Count == 0 ? 0 : rows.Max(row => row.Max(CellText.Width));
        var names = Math.Min(
            heads.Max(head => CellText.Width(head.Name)),
            width >= Unlimited ? int.MaxValue : Math.Max(Math.Max(1, width * 2 / 5), width - Gap.Length - widest));
        for (var number = 0; number < rows.Count; number++)
        {
            yield return CellText.Cut($"── row {number + 1} ──", width);
            for (var index = 0; index < heads.Length; index++)
            {
                var name = CellText.Pad(CellText.CutInside(heads[index].Name, names), names);
                yield return CellText.Cut($"{name}{Gap}{rows[number][index]}", width).TrimEnd();
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

    private IReadOnlyList<TablePlace> Fit(int width) => TableLayout.Fit(heads, NaturalWidths(), width, IsEmpty);

    private bool IsEmpty(int index) => rows.Count > 0 && rows.TrueForAll(row => row[index].Length == 0);

    private int[] NaturalWidths() =>
        [.. heads.Select((head, index) => rows.Select(row => CellText.Width(row[index]))
            .Prepend(CellText.Width(head.Name)).Max())];
}
