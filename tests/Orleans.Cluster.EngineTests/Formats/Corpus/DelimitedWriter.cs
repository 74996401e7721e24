using System.Globalization;
using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>How a program writes a table as delimited text.</summary>
internal sealed record DelimitedWriter
{
    public required string Program { get; init; }

    public string Delimiter { get; init; } = ",";

    public string LineEnd { get; init; } = "\n";

    /// <summary>How a missing value is written.</summary>
    public string Missing { get; init; } = "";

    public string True { get; init; } = "True";

    public string False { get; init; } = "False";

    public Quoting Quoting { get; init; } = Quoting.WhereNeeded;

    /// <summary>Whether each row begins with a name of its own: its number from this on.</summary>
    public int? RowNamesFrom { get; init; }

    /// <summary>Whether the header has a blank name for them; R leaves it out.</summary>
    public bool NamesRowNames { get; init; } = true;

    public bool HasHeader { get; init; } = true;

    public string Before { get; init; } = "";

    public bool DecimalComma { get; init; }

    public Encoding Encoding { get; init; } = new UTF8Encoding(false);

    public string Extension { get; init; } = "csv";

    public SourceOptions Options { get; init; } = new();

    public WrittenFile Write(SmallTable table)
    {
        // A word for a missing value makes text of numbers, and the user hears why.
        var isWord = Missing.Length > 0 && Options.NullValues is null;
        var types = table.Types.Select((type, i) => TypeOf(type, isWord && table.Rows.Any(row => row[i] is null))).ToList();
        var isAsked = isWord
            && table.Rows.Any(row => row.Where((value, i) => value is null && table.Types[i] != "VARCHAR").Any());
        var half = (table.Rows.Length + 1) / 2;
        return new WrittenFile
        {
            Name = $"{Program}-{table.Name}.{Extension}",
            Bytes = Bytes(Text(table, 0, table.Rows.Length)),
            Parts = isAsked ? null : [Bytes(Text(table, 0, half)), Bytes(Text(table, half, table.Rows.Length))],
            Options = Options,
            Columns = [.. RowNamesFrom is null
                ? []
                : new[] { "column0" }, .. table.Columns.Select((name, i) => HasHeader ? name : $"column{i}")],
            Types = [.. RowNamesFrom is null ? [] : new[] { "BIGINT" }, .. types],
            Rows = [.. table.Rows.Select((row, i) => Expected(row, i, types, isWord))],
            Warnings =
            [
                .. table.IsDoubtful && Options.Header is null && (RowNamesFrom is null || NamesRowNames)
                    ? new[] { "header-doubtful" } : [],
                .. RowNamesFrom is not null ? new[] { "names-mended" } : [],
                .. isAsked ? new[] { "null-words" } : [],
            ],
        };
    }

    private string TypeOf(string type, bool hasWord) => (type, True.ToUpperInvariant()) switch
    {
        _ when hasWord => "VARCHAR",
        ("BOOLEAN", "1") => "BIGINT",
        ("BOOLEAN", not "TRUE") => "VARCHAR",
        _ => type,
    };

    private IReadOnlyList<string?> Expected(object?[] row, int index, List<string> types, bool isWord)
    {
        var values = row.Select((value, i) => value is null && isWord ? Missing
            : value is not null && types[i] != "DOUBLE" && types[i] != "BOOLEAN" ? Plain(value) : SmallTable.Show(value));
        return [.. RowNamesFrom is { } from ? new[] { (from + index).ToString(CultureInfo.InvariantCulture) } : [], .. values];
    }

    private byte[] Bytes(string text) => [.. Encoding.GetPreamble(), .. Encoding.GetBytes(text)];

    private string Text(SmallTable table, int from, int to)
    {
        var text = new StringBuilder(Before);
        if (HasHeader)
        {
            Append(text, [.. RowNamesFrom is not null && NamesRowNames ? new[] { "" } : [], .. table.Columns]);
        }

        for (var i = from; i < to; i++)
        {
            Append(text, [.. RowNamesFrom is { } first ? new object[] { $"{first + i}" } : [], .. table.Rows[i]]);
        }

        return text.ToString();
    }

    private void Append(StringBuilder text, object?[] values) => text.AppendJoin(Delimiter, values.Select(Field)).Append(LineEnd);

    private string Field(object? value)
    {
        if (value is null)
        {
            return Missing;
        }

        var plain = Plain(value);
        var isNeeded = plain.Contains(Delimiter, StringComparison.Ordinal) || plain.Contains('"', StringComparison.Ordinal);
        return Quoting == Quoting.All || (Quoting == Quoting.Text && value is string)
            || (Quoting == Quoting.WhereNeeded && isNeeded)
            ? $"\"{plain.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : plain;
    }

    private string Plain(object value) => value switch
    {
        bool flag => flag ? True : False,
        double when DecimalComma => SmallTable.Show(value)!.Replace('.', ','),
        _ => SmallTable.Show(value)!,
    };
}

/// <summary>What a program puts in quotes.</summary>
internal enum Quoting
{
    WhereNeeded,
    Text,
    All,
    None,
}
