using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// What one file of delimited text looks like, before it is known of all files together whether they have headers.
/// </summary>
internal sealed record TextLook
{
    /// <summary>Records of one sample that are looked at.</summary>
    public const int MaxRecords = 20_480;

    /// <summary>The sample, without its bytes.</summary>
    public required TextSample Sample { get; init; }

    /// <summary>How the file is written; whether it has a header is open still.</summary>
    public required TextDialect Dialect { get; init; }

    /// <summary>
    /// Fields of the record that may be a header: the first, or the comment above it. Null in a file without records.
    /// </summary>
    public IReadOnlyList<FieldSplitter.Field>? First { get; init; }

    /// <summary>What the file itself tells of its first record.</summary>
    public HeaderVerdict Verdict { get; init; }

    /// <summary>Where the records begin if the first is data.</summary>
    public FilePlace AsData { get; init; }

    /// <summary>Where they begin if it is a header.</summary>
    public FilePlace BelowHeader { get; init; }

    /// <summary>Fields of the records below the first; of the first where there are no others.</summary>
    public int Width { get; init; }

    /// <summary>Whether the last field of all of them is empty.</summary>
    public bool LastIsEmpty { get; init; }

    /// <summary>What the records below the first have shown, column by column.</summary>
    public IReadOnlyList<ColumnGuess> Below { get; init; } = [];

    /// <summary>Whether a sampled record has another number of fields than most.</summary>
    public bool IsRagged { get; init; }

    /// <summary>Bytes of the file's text.</summary>
    public required long InflatedBytes { get; init; }

    /// <summary>Mean bytes of a record.</summary>
    public double RecordBytes { get; init; }

    /// <summary>Whether enough of the file was seen to judge its first record.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Path of the file.</summary>
    public string Path => Sample.File.Path;

    /// <summary>Looks at a sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="options">What the user knows.</param>
    /// <param name="known">
    /// The dialect of another file of the dataset, whose delimiter is kept where it fits; null for the first.
    /// </param>
    /// <param name="format"><c>TSV</c> sets the delimiter.</param>
    /// <param name="maxRecords">Records to look at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static TextLook Read(
        TextSample sample, SourceOptions options, SourceFormat format, TextDialect? known, int maxRecords,
        CancellationToken cancellationToken)
    {
        var opening = TextOpening.Read(sample, options);
        var dialect = DialectFinder.Find(sample, opening, options, format, known);
        var records = SampleRecords.OfHead(sample, opening, dialect, maxRecords);
        var headerLines = Math.Max(1, options.HeaderLines ?? 1);
        var look = new TextLook
        {
            Sample = sample with { Head = [], Others = [] },
            Dialect = dialect,
            InflatedBytes = sample.InflatedBytes,
            IsSettled = sample.HeadIsWhole || records.Count > headerLines,
            AsData = records.Count > 0 ? new FilePlace(records[0].Start, records[0].Line) : EndOf(sample, opening),
        };
        if (records.Count == 0)
        {
            return look with { BelowHeader = look.AsData };
        }

        List<FieldSplitter.Field>[] rows =
        [
            .. records.Skip(headerLines)
                .Concat(sample.Others.SelectMany(piece => SampleRecords.OfPiece(piece, sample.Encoding, dialect, MaxRecords)))
                .Select(record => Split(record.Text, dialect)),
        ];
        var below = new BelowRecords(rows, Split(records[0].Text, dialect), dialect, cancellationToken);
        var last = records[Math.Min(headerLines, records.Count) - 1];
        look = look with
        {
            BelowHeader = rows.Length == 0 && sample.HeadIsWhole ? EndOf(sample, last) : new FilePlace(last.Next, last.NextLine),
            RecordBytes = records.Count > headerLines
                ? (records[^1].Next - records[headerLines].Start) / (double)(records.Count - headerLines)
                : records[^1].Next - records[0].Start,
        };
        return below.Describe(look, opening.LastComment is { } comment ? Split(comment, dialect) : null, options);
    }

    private static FilePlace EndOf(TextSample sample, TextOpening opening) =>
        sample.HeadIsWhole ? new FilePlace(TextEnd(sample), opening.Lines + 1) : new FilePlace(opening.Bytes, opening.Lines + 1);

    // Only blank lines follow, which in a file of one column are rows.
    private static FilePlace EndOf(TextSample sample, SampleRecord last) =>
        last.Next >= sample.Head.Length ? new FilePlace(TextEnd(sample), last.NextLine) : new FilePlace(last.Next, last.NextLine);

    private static long TextEnd(TextSample sample) => sample.IsPlain ? sample.File.Bytes : sample.Head.Length;

    private static List<FieldSplitter.Field> Split(string record, TextDialect dialect) =>
        FieldSplitter.Split(record, dialect.Delimiter, dialect.Quote, dialect.Escape);
}
