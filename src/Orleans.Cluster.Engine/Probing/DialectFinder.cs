using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Finds how a file of delimited text is written; what the user says is not looked for.</summary>
internal static class DialectFinder
{
    private const int LookedAt = 200;

    // A delimiter that the first record does not have as often as the others is likelier a part of values, as the comma of 1,5
    // is.
    private const double OtherWidthPenalty = 0.7;

    private static readonly string[] Delimiters = [",", "\t", ";", "|"];

    /// <summary>The dialect of a sample; whether it has a header is left open.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="opening">What stands before its first record.</param>
    /// <param name="options">What the user knows.</param>
    /// <param name="format"><c>TSV</c> sets the delimiter.</param>
    /// <param name="known">
    /// Dialect of another file of the dataset: its delimiter is kept where it parts the first records alike.
    /// </param>
    public static TextDialect Find(
        TextSample sample, TextOpening opening, SourceOptions options, SourceFormat format, TextDialect? known)
    {
        var quote = options.Quote ?? "\"";
        var dialect = new TextDialect
        {
            Delimiter = options.Delimiter ?? opening.Separator ?? (format == SourceFormat.Tsv ? "\t" : known?.Delimiter ?? ","),
            Quote = quote,
            Escape = options.Escape ?? quote,
            Comment = options.Comment ?? TextOpening.DefaultComment,
            Header = false,
            NullValues = options.NullValues is { Count: > 0 } words ? words : [""],
            Decimal = options.Decimal ?? ".",
        };
        var isGiven = options.Delimiter is not null || opening.Separator is not null || format == SourceFormat.Tsv;
        return isGiven || (known is not null && Splits(sample, opening, dialect)) ? dialect
            : dialect with { Delimiter = FindDelimiter(sample, opening, dialect) };
    }

    /// <summary>The value that occurs most often; of several the largest, 0 when there is none.</summary>
    public static int Mode(IEnumerable<int> values) =>
        values.GroupBy(value => value)
        .OrderByDescending(group => group.Count())
        .ThenByDescending(group => group.Key).Select(group => group.Key).FirstOrDefault();

    /// <summary>
    /// What to say where spaces were taken for the delimiter, which text of one column may have too; null where they were not.
    /// </summary>
    public static PlanWarning? Doubt(TextLook look, SourceOptions options) =>
        options.Delimiter is not null || look.Dialect.Delimiter is not (" " or TextDialect.Whitespace) ? null : new PlanWarning(
            JobPlan.DelimiterDoubtful,
            $"{look.Path} has no comma, tab, semicolon or bar that separates fields; "
            + $"{(look.Dialect.IsWhitespace ? "runs of spaces" : "single spaces")} are taken "
            + $"for the delimiter, which gives {look.Width} fields. Set options.delimiter to \"{look.Dialect.Delimiter}\" if "
            + "that is right, and to \",\" if each line is one value.");

    // Delimiter that splits the sample most evenly; spaces where nothing else does and they surely look like it; else comma.
    private static string FindDelimiter(TextSample sample, TextOpening opening, TextDialect dialect)
    {
        var best = (Delimiter: ",", Score: 0.0);
        foreach (var delimiter in Delimiters)
        {
            var widths = Widths(sample, opening, dialect with { Delimiter = delimiter }, LookedAt);
            var mode = Mode(widths);
            var score = mode < 2 ? 0 : widths.Count(width => width == mode) / (double)widths.Count * (1 + Math.Log10(mode));
            score *= widths.Count > 0 && widths[0] != mode ? OtherWidthPenalty : 1;
            best = score > best.Score ? (delimiter, score) : best;
        }

        return best.Score > 0 ? best.Delimiter : FindSpaces(sample, opening, dialect) ?? best.Delimiter;
    }

    // Words between spaces are a table when every record has as many, or one more than the first as R writes row names, and one
    // of them is a number below the first record.
    private static string? FindSpaces(TextSample sample, TextOpening opening, TextDialect dialect)
    {
        var records = SampleRecords.OfHead(sample, opening, dialect with { Delimiter = TextDialect.Whitespace }, LookedAt)
            .ConvertAll(record => FieldSplitter.Split(record.Text, TextDialect.Whitespace, dialect.Quote, dialect.Escape));
        var width = records.Count < 2 ? 0 : records[1].Count;
        if (width < 2 || records[0].Count < width - 1 || records[0].Count > width
            || records.Skip(1).Any(record => record.Count != width)
            || !Enumerable.Range(0, width).Any(i => records.Skip(1).All(record => IsNumber(record[i], dialect))))
        {
            return null;
        }

        var single = Widths(sample, opening, dialect with { Delimiter = " " }, LookedAt);
        return single[0] == records[0].Count && single.Skip(1).All(count => count == width) ? " " : TextDialect.Whitespace;
    }

    private static bool IsNumber(FieldSplitter.Field field, TextDialect dialect) =>
        !field.Quoted && (ValueShape.Of(field.Text, dialect.Decimal[0]) & ValueTypes.Double) != 0;

    private static bool Splits(TextSample sample, TextOpening opening, TextDialect dialect)
    {
        var widths = Widths(sample, opening, dialect, 3);
        return widths.Count == 0 || (widths[0] > 1 && widths.All(width => width == widths[0]));
    }

    private static List<int> Widths(TextSample sample, TextOpening opening, TextDialect dialect, int records) =>
    [
        .. SampleRecords.OfHead(sample, opening, dialect, records)
            .Select(record => FieldSplitter.Split(record.Text, dialect.Delimiter, dialect.Quote, dialect.Escape).Count),
    ];
}
