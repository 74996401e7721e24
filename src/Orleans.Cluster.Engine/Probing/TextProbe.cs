using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Dialect and schema of delimited text, from every file's head and from middle and end of some of them.</summary>
internal static class TextProbe
{
    private const int HeadBytes = 64 << 10;
    private const int DeepHeadBytes = 1 << 20;
    private const int DeepFiles = 16;

    // Records of all files together that decide on types; the deep samples are looked at in full.
    private const int SampleRecords = 200_000;
    private const int LeastRecords = 16;

    // Samples that are held in memory at once.
    private const int BatchFiles = 256;

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        var options = request.Source.Options;
        var first = FirstWithText(request);
        var dialect = FindDialect(first, options, format);
        dialect = dialect with { Header = options.Header ?? TextLayout.Read(first, dialect, null).Header is not null };
        var looks = Look(request, dialect, cancellationToken);
        if (dialect.Header && looks.Where(look => look.Layout.Width > 0).All(look => look.Layout.Width == 1))
        {
            dialect = dialect with { BlankLineIsRow = true };
            looks = Look(request, dialect, cancellationToken);
        }

        var (columns, warnings) = TextSchema.Union([.. looks.Select(look => (look.Columns, look.Layout.Sample.File.Path)).DistinctBy(look => look.Columns)], options);
        return new DatasetProbe
        {
            Format = format == SourceFormat.Auto ? SourceFormat.Csv : format,
            Dialect = dialect,
            Columns = columns,
            Files = Describe(looks, columns),
            Warnings = warnings,
        };
    }

    /// <summary>A file's layout, without its sample's bytes, and its columns, which files of one header share.</summary>
    private sealed record FileLook(TextLayout Layout, IReadOnlyList<FoundColumn> Columns);

    private static TextSample FirstWithText(ProbeRequest request)
    {
        var file = request.Files.FirstOrDefault(file => file.Bytes > 0) ?? request.Files[0];
        var sample = Sample(file, request.Source.Options, deep: true);
        return sample.Head.Length > sample.MarkBytes
            ? sample
            : request.Files.Where(other => other.Bytes > 0).Select(other => Sample(other, request.Source.Options, deep: true))
                .FirstOrDefault(other => other.Head.Length > other.MarkBytes) ?? sample;
    }

    private static TextSample Sample(FileStamp file, SourceOptions options, bool deep) =>
        TextSample.Take(file, options, deep ? DeepHeadBytes : HeadBytes, wantOthers: deep);

    private static List<FileLook> Look(ProbeRequest request, TextDialect dialect, CancellationToken cancellationToken)
    {
        var count = request.Files.Count;
        var deep = Enumerable.Range(0, Math.Min(DeepFiles, count)).Select(i => (int)((long)i * (count - 1) / Math.Max(1, Math.Min(DeepFiles, count) - 1))).ToHashSet();
        using var sniffer = new TypeSniffer();
        var looks = new List<FileLook>(count);
        for (var start = 0; start < count; start += BatchFiles)
        {
            var batch = Layouts(request, dialect, start, Math.Min(BatchFiles, count - start), deep, cancellationToken);
            var columns = new Dictionary<string, IReadOnlyList<FoundColumn>>(StringComparer.Ordinal);
            foreach (var group in batch.GroupBy(layout => TextSchema.SignatureOf(layout, request.Source.Options), StringComparer.Ordinal))
            {
                columns[group.Key] = TextSchema.Find([.. group], dialect, request.Source.Options, sniffer);
            }

            looks.AddRange(batch.Select(layout => new FileLook(
                layout.WithoutText(), columns[TextSchema.SignatureOf(layout, request.Source.Options)])));
        }

        return looks;
    }

    private static TextLayout[] Layouts(
        ProbeRequest request, TextDialect dialect, int start, int count, HashSet<int> deep, CancellationToken cancellationToken)
    {
        var layouts = new TextLayout[count];
        var maxRecords = Math.Clamp(SampleRecords / request.Files.Count, LeastRecords, TextLayout.MaxRecords);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, count, parallel, i => layouts[i] = Layout(request.Files[start + i], request.Source.Options, dialect, deep.Contains(start + i), maxRecords));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<EngineException>().FirstOrDefault() is { } inner)
        {
            throw inner;
        }

        return layouts;
    }

    private static TextLayout Layout(FileStamp file, SourceOptions options, TextDialect dialect, bool deep, int maxRecords)
    {
        var layout = TextLayout.Read(Sample(file, options, deep), dialect, dialect.Header, deep ? TextLayout.MaxRecords : maxRecords);

        // A header or a first record that is longer than the head: without it the file's first record cannot be told.
        for (var bytes = DeepHeadBytes; !layout.IsSettled && bytes <= RecordPump.MaxRecordBytes; bytes *= 8)
        {
            layout = TextLayout.Read(TextSample.Take(file, options, bytes, wantOthers: false), dialect, dialect.Header);
        }

        return layout;
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
        };
        return options.Delimiter is null && format != SourceFormat.Tsv
            ? dialect with { Delimiter = TextLayout.FindDelimiter(sample, dialect) }
            : dialect;
    }

    private static List<SourceFile> Describe(List<FileLook> looks, IReadOnlyList<ColumnSchema> columns)
    {
        var own = looks.Select(look => look.Columns).Distinct().ToDictionary(found => found, found => OwnColumns(found, columns));
        return [.. looks.Select(look => Describe(look, own[look.Columns]))];
    }

    // Null where a file has the dataset's columns in the dataset's order.
    private static IReadOnlyList<ColumnSchema>? OwnColumns(IReadOnlyList<FoundColumn> found, IReadOnlyList<ColumnSchema> columns) =>
        found.Select(column => column.Name).SequenceEqual(columns.Select(column => column.Name))
            ? null
            : [.. found.Select(column => new ColumnSchema(column.Name, column.Type ?? "VARCHAR"))];

    private static SourceFile Describe(FileLook look, IReadOnlyList<ColumnSchema>? own)
    {
        var (layout, sample) = (look.Layout, look.Layout.Sample);
        return new SourceFile
        {
            Stamp = sample.File,
            Compression = sample.Compression,
            Encoding = sample.Encoding,
            DataStart = layout.DataStart,
            FirstLine = layout.FirstLine,
            Columns = own,
            UncompressedBytes = layout.InflatedBytes,
            EstimatedRows = layout.RecordBytes > 0 ? (long)Math.Round((layout.InflatedBytes - layout.DataStart) / layout.RecordBytes) : 0,
            Splittable = sample.IsSplittable,
        };
    }
}
