using System.Text;
using CsCheck;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>A generated file of delimited text and the rows that it means, told by the one who wrote it.</summary>
internal sealed record CsvSample(CsvForm Form, CsvField[][] Fields, bool[] BlankBefore)
{
    private static readonly Gen<string> Text = Gen.OneOf(
        "a", "b", " ", "1", "#", "\"", "\"\"", "'", "\\", ",", ";", "|", "\t", "\n", "\r\n", "\r", "é", "漢", "😀", "NA", "null",
        "").Array[0, 4].Select(string.Concat);

    private static readonly Gen<CsvField> Field = Gen.Select(Gen.Int[0, 5], Text, Gen.Bool)
        .Select((kind, text, quoted) => kind == 0 ? new CsvField(null, false) : new CsvField(text, quoted));

    private static readonly Gen<CsvForm> Forms = Gen.Select(
        Gen.OneOf(",", ";", "\t", "|", "||"), Gen.OneOf("\"", "\"", "'", ""), Gen.Bool, Gen.OneOf("\n", "\r\n", "\r"),
        Gen.OneOf("", "NA"), Gen.Bool, Gen.OneOf("", "\uFEFF", "# it's a \"comment\n", "\n"), Gen.Bool)
        .Select((delimiter, quote, backslash, end, nul, header, lead, closed) =>
            new CsvForm(delimiter, quote, quote.Length > 0 && backslash ? "\\" : quote, end, nul, header, lead, closed));

    /// <summary>Files of 1 to 4 columns and up to 10 rows.</summary>
    public static Gen<CsvSample> Any { get; } = Gen.Int[1, 4].SelectMany(width => Gen.Select(
        Forms, Field.Array[width].Array[1, 10], Gen.Int[0, 6].Select(n => n == 0).Array[10])
        .Select((form, fields, blanks) =>
            new CsvSample(form with { Width = width }, [.. fields.Select(row => form.Settle(row, width))], blanks)));

    public byte[] Bytes()
    {
        var text = new StringBuilder(Form.Lead);
        if (Form.Header)
        {
            text.AppendJoin(Form.Delimiter, Enumerable.Range(0, Form.Width).Select(i => $"c{i}")).Append(Form.End);
        }

        for (var i = 0; i < Fields.Length; i++)
        {
            // An empty line of a file with one column is a row, so none is put in there.
            text.Append(BlankBefore[i] && Form.Width > 1 ? Form.End : "");
            text.AppendJoin(Form.Delimiter, Fields[i].Select((field, column) => Form.Write(field, column)));
            text.Append(i < Fields.Length - 1 || Form.Closed || Form.Width == 1 ? Form.End : "");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Rows as <see cref="CutReader"/> shows them.</summary>
    public List<string> Rows() =>
        [.. Fields.Select(row => string.Join(' ', row.Select(field => field.Text is null ? "null" : $"«{field.Text}»")))];

    public SourceSpec Source(string path) => new()
    {
        Path = [path],
        Format = SourceFormat.Csv,
        Options = new SourceOptions
        {
            Delimiter = Form.Delimiter,
            Quote = Form.Quote,
            Escape = Form.Escape,
            Header = Form.Header,
            NullValues = [Form.Null],
            Columns = Enumerable.Range(0, Form.Width).ToDictionary(i => $"c{i}", _ => "VARCHAR"),
        },
    };

    public string Describe() => $" {Form}";
}

/// <summary>A value; null is NULL. A quoted one is written in quotes also where it need not be.</summary>
internal sealed record CsvField(string? Text, bool Quoted);

/// <summary>How a file is written.</summary>
internal sealed record CsvForm(
    string Delimiter, string Quote, string Escape, string End, string Null, bool Header, string Lead, bool Closed)
{
    public int Width { get; init; }

    /// <summary>The row with what this form cannot say replaced.</summary>
    public CsvField[] Settle(CsvField[] row, int width) => [.. row.Select((field, i) =>
        field.Text is null ? width == 1 && Null.Length == 0 && !Header ? new CsvField("n", false) : field
        : Quote.Length > 0 ? field
        : NeedsQuotes(field.Text, i) ? new CsvField("q", false) : field)];

    public string Write(CsvField field, int index)
    {
        if (field.Text is null)
        {
            return Null;
        }

        return Quote.Length > 0 && (field.Quoted || NeedsQuotes(field.Text, index)) ? Quoted(field.Text) : field.Text;
    }

    private string Quoted(string text)
    {
        var escaped = Escape == Quote
            ? text.Replace(Quote, Quote + Quote, StringComparison.Ordinal)
            : text.Replace(Escape, Escape + Escape, StringComparison.Ordinal)
            .Replace(Quote, Escape + Quote, StringComparison.Ordinal);
        return Quote + escaped + Quote;
    }

    private bool NeedsQuotes(string text, int index) =>
        text == Null || text.Length == 0 || text.AsSpan().IndexOfAny('\r', '\n') >= 0
        || text.Contains(Delimiter[0], StringComparison.Ordinal)
        || (Quote.Length > 0 && text.TrimStart(' ').StartsWith(Quote, StringComparison.Ordinal))
        || (index == 0 && text.StartsWith('#'));
}
