using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>What one file of delimited text looks like: where its records begin, its header, and sample records as fields.</summary>
internal sealed record TextLayout
{
    /// <summary>Records of one sample that are looked at.</summary>
    public const int MaxRecords = 20_480;

    public required TextSample Sample { get; init; }

    /// <summary>Byte offset of the first record.</summary>
    public required long DataStart { get; init; }

    /// <summary>Line number there.</summary>
    public required long FirstLine { get; init; }

    /// <summary>Names of the header; null without one.</summary>
    public required IReadOnlyList<string>? Header { get; init; }

    /// <summary>Sample records, those of the wrong width left out.</summary>
    public required IReadOnlyList<List<FieldSplitter.Field>> Rows { get; init; }

    /// <summary>Fields of a record.</summary>
    public required int Width { get; init; }

    /// <summary>Mean bytes of a record.</summary>
    public required double RecordBytes { get; init; }

    /// <summary>Bytes of the file's text.</summary>
    public required long InflatedBytes { get; init; }

    /// <summary>Whether the first record, or that there is none, was seen.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>The layout without the bytes that it was read from.</summary>
    public TextLayout WithoutText() => this with { Sample = Sample with { Head = [], Others = [] }, Rows = [] };

    /// <summary>Reads a sample by a dialect whose header may not be known yet.</summary>
    public static TextLayout Read(TextSample sample, TextDialect dialect, bool? header, int maxRecords = MaxRecords)
    {
        var records = Records(sample, dialect, maxRecords);
        var first = records.FirstOrDefault();
        var hasHeader = header ?? LooksLikeHeader(records, dialect);
        var names = hasHeader && first is not null ? Split(first, dialect).Select(field => field.Text).ToList() : null;
        var data = names is null ? records : records.Skip(1).ToList();
        var rows = data.Select(record => Split(record, dialect)).ToList();
        var width = names?.Count ?? Mode(rows.Select(row => row.Count));
        var others = sample.Others.SelectMany(piece => Others(piece, sample.Encoding, dialect)).Select(record => Split(record, dialect));
        var end = records.LastOrDefault();
        return new TextLayout
        {
            Sample = sample,
            DataStart = data.FirstOrDefault()?.Start ?? (sample.HeadIsWhole ? TextEnd(sample) : first?.Next ?? 0),
            FirstLine = data.FirstOrDefault()?.Line ?? (first?.Line ?? 0) + 1,
            Header = names,
            Rows = [.. rows.Where(row => row.Count == width), .. others.Where(row => row.Count == width)],
            Width = width,
            InflatedBytes = sample.InflatedBytes,
            IsSettled = sample.HeadIsWhole || data.Count > 0,
            RecordBytes = data.Count == 0 ? 0 : (end!.Next - data[0].Start) / (double)data.Count,
        };
    }

    /// <summary>Delimiter that splits the sample most evenly; comma when none does.</summary>
    public static string FindDelimiter(TextSample sample, TextDialect dialect)
    {
        var best = (Delimiter: ",", Score: 0.0);
        foreach (var delimiter in new[] { ",", "\t", ";", "|" })
        {
            var records = Records(sample, dialect with { Delimiter = delimiter }, 200);
            var widths = records.Select(record => Split(record, dialect with { Delimiter = delimiter }).Count).ToList();
            var mode = Mode(widths);
            var score = mode < 2 ? 0 : widths.Count(width => width == mode) / (double)widths.Count * (1 + Math.Log10(mode));
            best = score > best.Score ? (delimiter, score) : best;
        }

        return best.Delimiter;
    }

    private sealed record SampleRecord(string Text, long Start, long Next, long Line);

    // Records of the head; the last is left out unless the head ends with the file, since it may be cut.
    private static List<SampleRecord> Records(TextSample sample, TextDialect dialect, int maxRecords)
    {
        var sink = new Collector(Decoder(sample.Encoding), maxRecords);
        var (skip, lines) = SkipLeading(sample, dialect.Comment);
        sink.Line = lines + 1;
        sink.Base = skip;
        using var stream = new MemoryStream(sample.Head, (int)skip, sample.Head.Length - (int)skip);
        RecordPump.Pump(stream, new RecordSplitter(dialect), sink, CancellationToken.None);
        if (!sample.HeadIsWhole && sink.Records.Count > 0)
        {
            sink.Records.RemoveAt(sink.Records.Count - 1);
        }

        return sink.Records;
    }

    private static IEnumerable<SampleRecord> Others(byte[] piece, string encoding, TextDialect dialect)
    {
        var start = Array.IndexOf(piece, (byte)'\n') + 1;
        var sink = new Collector(Decoder(encoding), MaxRecords) { Base = start };
        using var stream = new MemoryStream(piece, start, piece.Length - start);
        RecordPump.Pump(stream, new RecordSplitter(dialect), sink, CancellationToken.None);
        return sink.Records;
    }

    // Comment and blank lines before the header. They are lines, whatever quotes they hold.
    private static (long Bytes, long Lines) SkipLeading(TextSample sample, string comment)
    {
        var prefix = Encoding.UTF8.GetBytes(comment);
        long position = sample.MarkBytes, lines = 0;
        while (position < sample.Head.Length)
        {
            var rest = sample.Head.AsSpan((int)position);
            var blank = rest[0] is (byte)'\n' or (byte)'\r';
            if (!blank && (prefix.Length == 0 || !rest.StartsWith(prefix)))
            {
                break;
            }

            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                return (sample.Head.Length, lines + 1);
            }

            position += end + (rest[end] == '\r' && end + 1 < rest.Length && rest[end + 1] == '\n' ? 2 : 1);
            lines++;
        }

        return (position, lines);
    }

    private static long TextEnd(TextSample sample) => sample.IsPlain ? sample.File.Bytes : sample.Head.Length;

    private static Encoding Decoder(string encoding) => encoding switch
    {
        "latin-1" => Encoding.Latin1,
        "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
        _ => Encoding.UTF8,
    };

    private static List<FieldSplitter.Field> Split(SampleRecord record, TextDialect dialect) =>
        FieldSplitter.Split(record.Text, dialect.Delimiter, dialect.Quote, dialect.Escape);

    // A header is a row of distinct words, none of them a number.
    private static bool LooksLikeHeader(List<SampleRecord> records, TextDialect dialect)
    {
        if (records.Count == 0)
        {
            return false;
        }

        var fields = Split(records[0], dialect).Select(field => field.Text.Trim()).ToList();
        var words = fields.All(field => field.Length > 0 && !double.TryParse(field, System.Globalization.CultureInfo.InvariantCulture, out _)
            && !DateTime.TryParse(field, System.Globalization.CultureInfo.InvariantCulture, out _));
        return words && fields.Distinct(StringComparer.OrdinalIgnoreCase).Count() == fields.Count;
    }

    private static int Mode(IEnumerable<int> values) =>
        values.GroupBy(value => value).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).Select(group => group.Key).FirstOrDefault();

    private sealed class Collector(Encoding encoding, int maxRecords) : IRecordSink
    {
        public List<SampleRecord> Records { get; } = [];

        public long Base { get; set; }

        public long Line { get; set; }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            while (!text.IsEmpty)
            {
                var end = text.IndexOf((byte)'\n');
                Record(text[..(end + 1)], end, offset);
                offset += end + 1;
                text = text[(end + 1)..];
            }
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            if (Records.Count < maxRecords)
            {
                Records.Add(new SampleRecord(encoding.GetString(raw[..contentLength]), Base + offset, Base + offset + raw.Length, Line));
            }

            Line += LineCounter.Count(raw);
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => Line += LineCounter.Count(raw);
    }
}
