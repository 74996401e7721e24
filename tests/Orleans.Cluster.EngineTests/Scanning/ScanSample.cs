using System.Globalization;
using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// A file of delimited text made from a seed: any dialect, columns of many types in all their spellings, rows that do not fit
/// among them. Whoever writes a value says what it means, so nothing is read to know what is expected.
/// </summary>
internal sealed class ScanSample
{
    private static readonly string[] Types =
        ["VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(12,3)", "DATE", "TIMESTAMP", "BOOLEAN", "UTINYINT"];

    private readonly Random random;
    private readonly StringBuilder text = new();
    private readonly bool closed;
    private readonly string end;
    private long offset;
    private long line = 1;

    public ScanSample(int seed)
    {
        random = new Random(seed);
        var quote = Pick("\"", "\"", "\"", "'", "");
        Dialect = new TextDialect
        {
            Delimiter = Pick(",", ",", ";", "\t", "|", "||", "¦", TextDialect.Whitespace),
            Quote = quote,
            Escape = quote.Length > 0 && random.Next(4) == 0 ? "\\" : quote,
            Header = false,
            NullValues = Pick<string[]>([""], ["NA"], ["", "NULL", "-"]),
            Decimal = random.Next(6) == 0 ? "," : ".",
        };
        if (Dialect.Decimal == Dialect.Delimiter)
        {
            Dialect = Dialect with { Delimiter = ";" };
        }

        if (Dialect is { IsWhitespace: true } && Dialect.NullValues.Contains(""))
        {
            // Between blanks there is no empty field.
            Dialect = Dialect with { NullValues = ["NULL", "-"] };
        }

        end = Pick("\n", "\n", "\r\n", "\r");
        closed = random.Next(2) == 0;
        Columns = [.. Enumerable.Range(0, random.Next(1, 9)).Select(i => new ColumnSchema($"c{i}", Pick(Types)))];
        var records = random.Next(1, 60);
        for (var i = 0; i < records; i++)
        {
            WriteRecord(isLast: i == records - 1);
        }
    }

    public TextDialect Dialect { get; }

    public IReadOnlyList<ColumnSchema> Columns { get; }

    /// <summary>Values of each row that fits; null is NULL.</summary>
    public List<string?[]> Rows { get; } = [];

    /// <summary>The others: line, offset, and the column at fault, or none.</summary>
    public List<(long Line, long Offset, string? Column)> Bad { get; } = [];

    public byte[] Bytes() => Encoding.UTF8.GetBytes(text.ToString());

    public override string ToString() =>
        $"{Dialect.Delimiter} {Dialect.Quote} {Dialect.Escape} {string.Join(',', Columns.Select(c => c.Type))}\n"
        + $"{System.Text.Json.JsonSerializer.Serialize(text.ToString())}";

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private void WriteRecord(bool isLast)
    {
        if (Columns.Count > 1 && random.Next(12) == 0)
        {
            Append(Dialect.IsWhitespace ? Pick("", " ", "\t  ") + end : end);
        }

        var values = new string?[Columns.Count];
        var fields = new List<string>();
        var fault = -1;
        for (var i = 0; i < Columns.Count; i++)
        {
            if (random.Next(60) == 0 && Columns[i].Type != "VARCHAR")
            {
                fault = fault < 0 ? i : fault;
                fields.Add(BadText(Columns[i].Type));
                continue;
            }

            (values[i], var field) = Field(Columns[i].Type);
            fields.Add(field);
        }

        // A line of one empty field is a blank line.
        if (fields is [""])
        {
            (values[0], fields[0]) = Columns[0].Type == "VARCHAR" ? ("x", "x") : (values[0], fields[0]);
            if (fields[0].Length == 0)
            {
                return;
            }
        }

        var isRagged = random.Next(50) == 0;
        if (isRagged && random.Next(2) == 0 && fields.Count > 1 && fields is not ["", _])
        {
            fields.RemoveAt(fields.Count - 1);
        }
        else if (isRagged)
        {
            fields.Add(Dialect.IsWhitespace ? "x" : "");
        }

        var place = (line, offset);
        Append(Dialect.IsWhitespace ? Aligned(fields) : string.Join(Dialect.Delimiter, fields));
        Append(isLast && !closed ? "" : end);
        if (isRagged || fault >= 0)
        {
            Bad.Add((place.line, place.offset, isRagged ? null : Columns[fault].Name));
        }
        else
        {
            Rows.Add(values);
        }
    }

    private string Aligned(List<string> fields)
    {
        var line = new StringBuilder(Pick("", "", " ", "\t "));
        foreach (var field in fields)
        {
            line.Append(field).Append(Pick(" ", "  ", "\t", " \t "));
        }

        return random.Next(2) == 0 ? line.ToString() : line.ToString().TrimEnd(' ', '\t');
    }

    private void Append(string part)
    {
        text.Append(part);
        offset += Encoding.UTF8.GetByteCount(part);
        line += part.Replace("\r\n", "\n", StringComparison.Ordinal).Count(c => c is '\n' or '\r');
    }

    private (string? Value, string Field) Field(string type)
    {
        if (random.Next(7) == 0)
        {
            return (null, Pick([.. Dialect.NullValues]));
        }

        var (value, written) = type switch
        {
            "BIGINT" => Whole(),
            "UTINYINT" => Small(),
            "DOUBLE" => Floating(),
            "DATE" => Date(),
            "TIMESTAMP" => Timestamp(),
            "BOOLEAN" =>
                Pick(("True", Pick("true", "TRUE", "t", "1", "Yes", "y")), ("False", Pick("false", "F", "0", "no", "N"))),
            "VARCHAR" => Text(),
            _ => Decimal(),
        };
        if (type == "VARCHAR")
        {
            return (value, Quoted(written, must: MustQuote(written)));
        }

        if (Dialect.IsWhitespace)
        {
            return (value,
                Quoted(Dialect.Quote.Length > 0
                    ? written
                    : written.Replace(' ', 'T'), must: written.Contains(' ', StringComparison.Ordinal)));
        }

        written = random.Next(10) == 0 ? $" {written} " : written;
        return (value, Quoted(written, must: written.Contains(Dialect.Delimiter, StringComparison.Ordinal)));
    }

    private string Quoted(string written, bool must)
    {
        var quote = Dialect.Quote;
        if (quote.Length == 0 || (!must && random.Next(4) > 0))
        {
            return written;
        }

        var escaped = Dialect.Escape == quote
            ? written.Replace(quote, quote + quote, StringComparison.Ordinal)
            : written.Replace(Dialect.Escape, Dialect.Escape + Dialect.Escape, StringComparison.Ordinal)
                .Replace(quote, Dialect.Escape + quote, StringComparison.Ordinal);
        var spaces = random.Next(20) == 0 ? " " : "";
        return $"{spaces}{quote}{escaped}{quote}{spaces}";
    }

    private bool MustQuote(string written) =>
        written.Length == 0 || Dialect.NullValues.Contains(written) || written.AsSpan().IndexOfAny('\r', '\n') >= 0
        || (Dialect.IsWhitespace
            ? written.AsSpan().ContainsAny(' ', '\t')
            : written.Contains(Dialect.Delimiter[0], StringComparison.Ordinal))
        || (Dialect.Quote.Length > 0 && written.TrimStart(' ').StartsWith(Dialect.Quote, StringComparison.Ordinal));

    private (string Value, string Written) Text()
    {
        var parts = Enumerable.Range(0, random.Next(0, 12)).Select(_ => Pick(
            "a", "bc", " ", "1", "\"", "\"\"", "'", "\\", ",", ";", "|", "\t", "\n", "\r\n", "\r", "é", "漢字", "😀", "NA", "-",
            "longer than twelve bytes"));
        var written = string.Concat(parts);
        if (Dialect.Quote.Length == 0 && MustQuote(written))
        {
            written = "plain";
        }

        return (written, written);
    }

    private (string Value, string Written) Whole()
    {
        var number = random.Next(4) switch { 0 => random.NextInt64(long.MinValue, long.MaxValue), 1 => long.MaxValue,
            _ => random.Next(-1000, 100_000) };
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return (digits, number < 0 ? digits : Pick(digits, digits, "+" + digits, "00" + digits));
    }

    private (string Value, string Written) Small()
    {
        var digits = random.Next(256).ToString(CultureInfo.InvariantCulture);
        return (digits, digits);
    }

    private (string Value, string Written) Floating()
    {
        var number = random.Next(5) switch
        {
            0 => BitConverter.Int64BitsToDouble(random.NextInt64()),
            1 => random.Next(-100_000, 100_000) / 1000.0,
            2 => Pick(double.MaxValue, double.Epsilon, 0.0, -0.0, 1e22, 9007199254740993.0),
            3 => random.NextDouble(),
            _ => random.Next(1000),
        };
        number = double.IsFinite(number) ? number : 1.5;
        var written = number.ToString(Pick("R", "E16"), CultureInfo.InvariantCulture);
        return (number.ToString("R", CultureInfo.InvariantCulture), written.Replace('.', Dialect.Decimal[0]));
    }

    private (string Value, string Written) Decimal()
    {
        var thousandths = random.NextInt64(-999_999_999_999, 1_000_000_000_000);
        var number = random.Next(3) == 0 ? thousandths / 1_000_000_000_000m : random.Next(-5000, 5000) / 1000m;
        number = Math.Round(number, 3);
        var value = number.ToString("F3", CultureInfo.InvariantCulture);
        var written = Pick(value, value + "00", number.ToString("0.###", CultureInfo.InvariantCulture), $"{number * 1000:0}e-3");
        return (value, written.Replace('.', Dialect.Decimal[0]));
    }

    private (string Value, string Written) Date()
    {
        var date = new DateOnly(1, 1, 1).AddDays(random.Next(3_650_000));
        var value = date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return (value, Pick(value, value, date.ToString("yyyy/M/d", CultureInfo.InvariantCulture), value + " 00:00:00"));
    }

    private (string Value, string Written) Timestamp()
    {
        var time = new DateTime(1900, 1, 1).AddSeconds(random.NextInt64(6_000_000_000))
            .AddMicroseconds(Pick(0, 0, random.Next(1_000_000)));
        var value = time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
        return (value, Pick(
            value, value.Replace(' ', 'T'), value + "Z", value + (value.Contains('.', StringComparison.Ordinal) ? "000" : ".000"),
            time.AddHours(2).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture) + "+02"));
    }

    private string BadText(string type) => Dialect.IsWhitespace ? AnyBadText(type).Replace(' ', 'T') : AnyBadText(type);

    private string AnyBadText(string type) => type switch
    {
        "BIGINT" => Pick("12.53", "1e3", "1_000", "0x10", "9223372036854775808", "12.", "x", "--1", "+"),
        "UTINYINT" => Pick("256", "-1", "1.0"),
        "DOUBLE" => Pick("1e400", "1e-400", "1_0", "0x1p3", "x", "1e"),
        "DATE" => Pick("2024-02-30", "2024-01-31 10:00:00", "20240131", "31-01-2024"),
        "TIMESTAMP" => Pick("2024-01-31 10:00:00.1234567", "2024-13-01 00:00:00", "2024-01-31 25:00:00", "2024-01-31x"),
        "BOOLEAN" => Pick("2", "on", "tru"),
        _ => Pick("1000000000", "1" + Dialect.Decimal + "0005", "x", "1e10"),
    };
}
