using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Dialect and schema of delimited text, from every file's head and from further pieces of some of them.</summary>
internal static class TextProbe
{
    private const int HeadBytes = 64 << 10;
    private const int DeepHeadBytes = 1 << 20;
    private const int DeepFiles = 16;
    private const int ShownNames = 5;

    // Records of all files together that decide on types; the deep samples are looked at in full.
    private const int SampleRecordCount = 200_000;
    private const int LeastRecords = 16;

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        var options = request.Source.Options;
        var (files, reference) = TextHeaders.Decide(Look(request, format, cancellationToken));
        var filled = files.Where(file => file.Look.First is not null).ToList();
        var blankLineIsRow = reference is not null && filled.All(file => file.Look is { Width: 1, Dialect.IsWhitespace: false });
        var columns = Columns(filled, reference, options);
        var folders = HiveFolders.Names(request.Files, options);
        var (united, warnings) = TextSchema.Unite([.. columns.Values], options, folders);
        var first = (reference ?? filled.FirstOrDefault() ?? files[0]).Dialect with { BlankLineIsRow = blankLineIsRow };
        return new DatasetProbe
        {
            Format = format == SourceFormat.Auto ? SourceFormat.Csv : format,
            Dialect = first,
            Columns = united,
            DeclaredColumns = [.. (options.Columns ?? new Dictionary<string, string>()).Keys],
            Files = Describe(files, columns, united, first),
            Warnings = [.. Doubts(filled, options), .. TextHeaders.Warnings(files, reference), .. MendedNames(files),
                .. warnings],
        };
    }

    private static IEnumerable<PlanWarning> Doubts(IReadOnlyList<FileHeader> files, SourceOptions options) =>
        files.Select(file => DialectFinder.Doubt(file.Look, options)).OfType<PlanWarning>().Take(1);

    private static IReadOnlyList<TextLook> Look(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        var options = request.Source.Options;
        var count = request.Files.Count;
        var deep = Enumerable.Range(0, Math.Min(DeepFiles, count))
            .Select(i => (int)((long)i * (count - 1) / Math.Max(1, Math.Min(DeepFiles, count) - 1))).ToHashSet();
        var maxRecords = Math.Clamp(SampleRecordCount / count, LeastRecords, TextLook.MaxRecords);
        var streamBytes = StreamPieces.MostBytes / Math.Min(DeepFiles, count);
        var looks = new TextLook[count];

        // The first file with text shows how the others are written, unless they show otherwise.
        var known = 0;
        do
        {
            looks[known] = Look(
                request.Files[known], options, format, null, isDeep: true, TextLook.MaxRecords, streamBytes, cancellationToken);
        }
        while (looks[known].First is null && ++known < count);

        var dialect = looks[Math.Min(known, count - 1)].Dialect;
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken,
        };
        try
        {
            Parallel.For(Math.Min(known + 1, count), count, parallel, i => looks[i] = Look(
                request.Files[i], options, format, dialect, deep.Contains(i), deep.Contains(i)
                ? TextLook.MaxRecords
                : maxRecords, streamBytes, cancellationToken));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<EngineException>().FirstOrDefault() is { } inner)
        {
            throw inner;
        }

        return looks;
    }

    private static TextLook Look(
        FileStamp file, SourceOptions options, SourceFormat format, TextDialect? known, bool isDeep, int maxRecords,
        long streamBytes,
        CancellationToken cancellationToken)
    {
        var look = TextLook.Read(
            TextSample.Take(file, options, isDeep ? DeepHeadBytes : HeadBytes, wantOthers: isDeep, streamBytes), options, format,
            known, maxRecords, cancellationToken);

        // A header or a first record that is longer than the head: without it the file's first record cannot be told.
        for (var bytes = DeepHeadBytes; !look.IsSettled && bytes <= RecordPump.MaxRecordBytes; bytes *= 8)
        {
            cancellationToken.ThrowIfCancellationRequested();
            look = TextLook.Read(
                TextSample.Take(file, options, bytes, wantOthers: false), options, format, known, maxRecords, cancellationToken);
        }

        // Before anything is done for each of them.
        return look.First is not { Count: > DatasetProber.MaxColumns }
            ? look
            : throw DatasetProber.TooManyColumns(file.Path, look.First.Count);
    }

    // Files of one header share one list of names, which may be long.
    private static Dictionary<FileHeader, TextColumns> Columns(
        List<FileHeader> files, FileHeader? reference, SourceOptions options)
    {
        var known = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var columns = new Dictionary<FileHeader, TextColumns>(ReferenceEqualityComparer.Instance);
        foreach (var file in files)
        {
            var own = TextColumns.Of(file, reference, options);
            var key = string.Join('\u001F', own.Names);
            known.TryAdd(key, own.Names);
            columns[file] = own with { Names = known[key] };
        }

        return columns;
    }

    private static List<SourceFile> Describe(
        IReadOnlyList<FileHeader> files, Dictionary<FileHeader, TextColumns> columns, IReadOnlyList<ColumnSchema> united,
        TextDialect first)
    {
        var own = columns.Values.Select(file => file.Names)
            .Distinct().ToDictionary(names => names, names => OwnColumns(names, united));
        return [.. files.Select(file =>
            Describe(file, columns.TryGetValue(file, out var found) ? own[found.Names] : null, first))];
    }

    // Null where a file has the dataset's columns in the dataset's order. Types are the dataset's.
    private static IReadOnlyList<ColumnSchema>? OwnColumns(IReadOnlyList<string> names, IReadOnlyList<ColumnSchema> united)
    {
        if (names.SequenceEqual(united.Select(column => column.Name)))
        {
            return null;
        }

        var types = united.ToDictionary(column => column.Name, column => column.Type, StringComparer.OrdinalIgnoreCase);
        return [.. names.Select(name => new ColumnSchema(name, types.GetValueOrDefault(name, "VARCHAR")))];
    }

    private static SourceFile Describe(FileHeader file, IReadOnlyList<ColumnSchema>? own, TextDialect first)
    {
        var (look, sample) = (file.Look, file.Look.Sample);
        var dialect = file.Dialect with { BlankLineIsRow = first.BlankLineIsRow };
        var isFirst = look.First is null
            || (dialect.ReadsAs(first) && dialect.Header == first.Header && dialect.HeaderHow == first.HeaderHow);
        return new SourceFile
        {
            Stamp = sample.File,
            Compression = sample.Compression,
            Encoding = sample.Encoding,
            DataStart = file.Data.Offset,
            FirstLine = file.Data.Line,
            Dialect = isFirst ? null : dialect,
            Columns = own,
            UncompressedBytes = look.InflatedBytes,
            EstimatedRows = EstimateRows(file),
            Splittable = sample.IsSplittable,
        };
    }

    // The first record is often another than those below it: a comment's length, or a number of more digits.
    private static long EstimateRows(FileHeader file) => file.Look.RecordBytes <= 0 ? 0
        : (file.Data == file.Look.BelowHeader ? 0 : 1)
        + (long)Math.Round(Math.Max(0, file.Look.InflatedBytes - file.Look.BelowHeader.Offset) / file.Look.RecordBytes);

    private static IEnumerable<PlanWarning> MendedNames(IReadOnlyList<FileHeader> files)
    {
        foreach (var file in files.Where(file => file.Names is not null))
        {
            var mended = ColumnNames.Mend(file.Names!).Mended;
            if (mended.Count > 0)
            {
                var list = string.Join(
                    ", ", mended.Take(ShownNames).Select(name => $"column {name.Index + 1} '{name.From}' is '{name.To}'"));
                yield return new PlanWarning(
                    "names-mended",
                    $"{file.Look.Path} has blank or repeated column names: {list}"
                    + $"{(mended.Count > ShownNames ? $", and {mended.Count - ShownNames} more" : "")}.");
                yield break;
            }
        }
    }
}
