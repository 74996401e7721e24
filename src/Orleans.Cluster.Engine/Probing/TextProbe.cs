using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Dialect and schema of delimited text, from every file's head and from middle and end of some of them.</summary>
internal static class TextProbe
{
    private const int HeadBytes = 64 << 10;
    private const int DeepHeadBytes = 1 << 20;
    private const int DeepFiles = 16;

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        var options = request.Source.Options;
        var samples = Sample(request, cancellationToken);
        var first = samples.FirstOrDefault(sample => sample.Head.Length > sample.MarkBytes) ?? samples[0];
        var dialect = FindDialect(first, options, format);
        var header = options.Header ?? TextLayout.Read(first, dialect, null).Header is not null;
        dialect = dialect with { Header = header };
        var layouts = samples.Select(sample => TextLayout.Read(sample, dialect, header)).ToList();
        var lone = layouts.Where(layout => layout.Width > 0).All(layout => layout.Width == 1);
        if (lone)
        {
            dialect = dialect with { BlankLineIsRow = header };
            layouts = [.. samples.Select(sample => TextLayout.Read(sample, dialect, header))];
        }

        var own = layouts.Select(layout => OwnColumns(layout, dialect, options)).ToList();
        var columns = Union(own, options);
        var hidden = own.Any(list => list.Any(column => column.Name == TrailingColumn));
        return new DatasetProbe
        {
            Format = format == SourceFormat.Auto ? SourceFormat.Csv : format,
            Dialect = dialect,
            Columns = columns,
            Files = [.. layouts.Select((layout, index) => Describe(layout, own[index], columns, hidden))],
        };
    }

    /// <summary>Name of the empty column that a delimiter at each line's end makes; nobody sees it.</summary>
    private const string TrailingColumn = "__trailing";

    private static TextSample[] Sample(ProbeRequest request, CancellationToken cancellationToken)
    {
        var count = request.Files.Count;
        var deep = Enumerable.Range(0, Math.Min(DeepFiles, count)).Select(i => (int)((long)i * (count - 1) / Math.Max(1, Math.Min(DeepFiles, count) - 1))).ToHashSet();
        var samples = new TextSample[count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, count, parallel, i => samples[i] = TextSample.Take(
                request.Files[i], request.Source.Options, deep.Contains(i) ? DeepHeadBytes : HeadBytes, deep.Contains(i)));
        }
        catch (AggregateException e) when (e.InnerExceptions[0] is EngineException inner)
        {
            throw inner;
        }

        return samples;
    }

    private static TextDialect FindDialect(TextSample sample, SourceOptions options, SourceFormat format)
    {
        var quote = options.Quote ?? "\"";
        var dialect = new TextDialect
        {
            Delimiter = options.Delimiter ?? (format == SourceFormat.Tsv ? "\t" : ","),
            Quote = quote,
            Escape = options.Escape ?? quote,
            Comment = options.Comment ?? "#",
            Header = options.Header ?? false,
            NullValues = options.NullValues ?? [""],
            Encoding = sample.Encoding,
        };
        return options.Delimiter is null && format != SourceFormat.Tsv
            ? dialect with { Delimiter = TextLayout.FindDelimiter(sample, dialect) }
            : dialect;
    }

    // Names and types as this file alone has them.
    private static List<ColumnSchema> OwnColumns(TextLayout layout, TextDialect dialect, SourceOptions options)
    {
        var names = Names(layout, options);
        var nulls = dialect.NullValues.ToHashSet(StringComparer.Ordinal);
        var rows = layout.Rows.Select(row => (IReadOnlyList<string?>)[.. row.Select(field => !field.Quoted && nulls.Contains(field.Text) ? null : field.Text)]).ToList();
        var types = TypeSniffer.Find(rows, layout.Width);
        return [.. names.Select((name, i) => new ColumnSchema(name, Declared(options, name) ?? types[i]))];
    }

    private static List<string> Names(TextLayout layout, SourceOptions options)
    {
        if (layout.Header is { } header)
        {
            return Distinct(header.Select((name, i) => name.Length > 0 ? name : Default(i, header.Count)));
        }

        var declared = options.Columns?.Keys.ToList() ?? [];
        var trailing = declared.Count > 0 && declared.Count == layout.Width - 1 && layout.Rows.All(row => row[^1].Text.Length == 0);
        if (declared.Count > 0 && declared.Count != layout.Width && !trailing && layout.Width > 0)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{layout.Sample.File.Path} has {layout.Width} fields in a record where options.columns declares {declared.Count}. "
                + "Declare every column in file order, or check the delimiter.",
                ErrorCode.SchemaConflict.Word);
        }

        return declared.Count > 0
            ? [.. declared, .. trailing ? new[] { TrailingColumn } : []]
            : [.. Enumerable.Range(0, layout.Width).Select(i => Default(i, layout.Width))];
    }

    // As the engine names columns without a header: all numbers of one width, so that they sort.
    private static string Default(int index, int count) =>
        "column" + index.ToString(CultureInfo.InvariantCulture).PadLeft((count - 1).ToString(CultureInfo.InvariantCulture).Length, '0');

    private static List<string> Distinct(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var result = new List<string>();
        foreach (var name in names)
        {
            var unique = name;
            for (var i = 1; !seen.Add(unique); i++)
            {
                unique = $"{name}_{i}";
            }

            result.Add(unique);
        }

        return result;
    }

    private static string? Declared(SourceOptions options, string name) => options.Columns?.GetValueOrDefault(name);

    // All names in order of first appearance, each under the type that holds all of its samples.
    private static List<ColumnSchema> Union(List<List<ColumnSchema>> own, SourceOptions options)
    {
        var order = new List<string>();
        var types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var column in own.SelectMany(columns => columns).Where(column => column.Name != TrailingColumn))
        {
            if (types.TryGetValue(column.Name, out var before))
            {
                types[column.Name] = TypeWidening.WidenText(before, column.Type);
            }
            else
            {
                order.Add(column.Name);
                types[column.Name] = column.Type;
            }
        }

        var missing = (options.Columns?.Keys ?? []).FirstOrDefault(name => !types.ContainsKey(name));
        return missing is null
            ? [.. order.Select(name => new ColumnSchema(name, types[name]))]
            : throw new EngineException(
                FailureKind.BadQuery, $"options.columns declares '{missing}', which no file has. Columns: {string.Join(", ", order)}.",
                ErrorCode.ColumnNotFound.Word);
    }

    private static SourceFile Describe(TextLayout layout, List<ColumnSchema> own, List<ColumnSchema> columns, bool hidden)
    {
        var sample = layout.Sample;
        var plain = sample.Compression == SourceCompression.None && !Sources.SourceStreams.IsUtf16(sample.Encoding);
        var bytes = plain ? sample.File.Bytes : sample.HeadIsWhole ? sample.Head.Length : sample.File.Bytes * 4;
        return new SourceFile
        {
            Stamp = sample.File,
            Compression = sample.Compression,
            DataStart = layout.DataStart,
            FirstLine = layout.FirstLine,
            Columns = hidden || !own.Select(column => column.Name).SequenceEqual(columns.Select(column => column.Name)) ? own : null,
            UncompressedBytes = bytes,
            EstimatedRows = layout.RecordBytes > 0 ? (long)((bytes - layout.DataStart) / layout.RecordBytes) : 0,
            Splittable = plain,
        };
    }
}
