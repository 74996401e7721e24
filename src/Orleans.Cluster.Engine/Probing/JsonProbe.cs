using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Schema of JSON, from sample records of every file.</summary>
internal static partial class JsonProbe
{
    private const int HeadBytes = 1 << 20;
    private const int LeastHeadBytes = 16 << 10;

    // All samples together; they are parsed at once.
    private const long SampleBytes = 64L << 20;

    // Types nested deeper are JSON as it is written.
    private const int MaxTypeDepth = 48;

    private const int MaxWarnings = 20;

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        using var sample = new JsonSample();
        var files = new List<SourceFile>();
        var headBytes = (int)Math.Clamp(SampleBytes / request.Files.Count, LeastHeadBytes, HeadBytes);
        foreach (var file in request.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sample.Enter(file.Path);
            files.Add(format == SourceFormat.Json
                ? Document(file, request.Source.Options, headBytes, sample)
                : Lines(file, request.Source.Options, headBytes, sample));
        }

        using var records = sample.Complete();
        var keys = sample.Keys;
        var layout = new JsonLayout
        {
            IsWhole = sample.IsWhole, UnknownKeys = request.Source.Options.UnknownKeys, Renamed = sample.IsWhole
                ? []
                : keys.Renamed(),
        };
        var declared = new DeclaredJsonColumns(request.Source.Options, layout);
        var columns = declared.ApplyTo(Columns(records, keys, sample.IsWhole));
        if (columns.Count == 0 && records.Length > 0)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{request.Files[0].Path}: the records that were looked at have no keys, so there is no column to read. Name the "
                + "columns in options.columns, or leave such files out.", ProblemCode.DatasetNotReadable.Word);
        }

        return new DatasetProbe
        {
            Format = format, Json = layout, Columns = columns, Files = files,
            DeclaredColumns = sample.IsWhole ? null : declared.Names,
            Warnings = [.. Mended(layout.Renamed, "").Take(MaxWarnings)],
        };
    }

    private static IEnumerable<PlanWarning> Mended(IReadOnlyList<JsonKey> keys, string above) => keys.SelectMany(key =>
        Mended(key.Fields, $"{above}{key.Key}.").Prepend(new PlanWarning(
            "names-mended",
            $"The key '{above}{key.Key}' is read as '{above}{key.Name}': names of columns and fields are not empty and differ "
            + "not by case alone."))
            .Where(warning => key.Key != key.Name
                || !warning.Detail.StartsWith($"The key '{above}{key.Key}' is", StringComparison.Ordinal)));

    private static SourceFile Lines(FileStamp file, SourceOptions options, int headBytes, JsonSample into)
    {
        var sample = TextSample.Take(file, options, headBytes, wantOthers: headBytes == HeadBytes);
        for (var bytes = headBytes * 8L; !sample.HeadIsWhole && !sample.Head.AsSpan().Contains((byte)'\n')
            && bytes <= RecordPump.MaxRecordBytes; bytes *= 8)
        {
            sample = TextSample.Take(file, options, (int)bytes, wantOthers: false);
        }

        var head = sample.Head.AsSpan(sample.MarkBytes);
        var end = sample.HeadIsWhole ? head.Length : head.LastIndexOf((byte)'\n') + 1;
        var encoding = SingleByteText.For(sample.Encoding);
        into.Add(head[..end], encoding, firstLine: 1);
        foreach (var piece in sample.Others)
        {
            var start = Array.IndexOf(piece, (byte)'\n') + 1;
            var last = Array.LastIndexOf(piece, (byte)'\n') + 1;
            into.Add(piece.AsSpan(start, Math.Max(0, last - start)), encoding, firstLine: null);
        }

        var rows = Math.Max(1, head[..end].Count((byte)'\n'));
        var inflated = sample.InflatedBytes;
        return new SourceFile
        {
            Stamp = file,
            Compression = sample.Compression,
            Encoding = sample.Encoding,
            DataStart = sample.MarkBytes,
            UncompressedBytes = inflated,
            EstimatedRows = end == 0 ? 0 : (long)(inflated * (rows / (double)end)),
            Splittable = sample.IsSplittable,
        };
    }

    private static SourceFile Document(FileStamp file, SourceOptions options, int headBytes, JsonSample into)
    {
        var sample = TextSample.Take(file, options, 4, wantOthers: false);
        var source = new SourceFile { Stamp = file, Compression = sample.Compression, Encoding = sample.Encoding };
        using var lines = SourceStreams.OpenRecords(new FileSlice { File = source, End = file.Bytes }, SourceFormat.Json);
        var head = ReadLine(lines, headBytes);
        var end = head.AsSpan().LastIndexOf((byte)'\n') + 1;
        into.Add(head.AsSpan(0, end), null, firstLine: null);
        var inflated = sample.Compression == SourceCompression.None ? file.Bytes : file.Bytes * TextSample.Ratio;
        return source with
        {
            UncompressedBytes = inflated,
            EstimatedRows = end == 0 ? 0 : (long)(inflated * (head.AsSpan(0, end).Count((byte)'\n') / (double)end)),
        };
    }

    // Some lines, and at least one, however long it is.
    private static byte[] ReadLine(Stream lines, int bytes)
    {
        var head = new byte[bytes];
        var read = lines.ReadAtLeast(head, bytes, throwOnEndOfStream: false);
        while (read == head.Length && !head.AsSpan().Contains((byte)'\n') && head.Length < RecordPump.MaxRecordBytes)
        {
            Array.Resize(ref head, head.Length * 2);
            read += lines.ReadAtLeast(head.AsSpan(read), head.Length - read, throwOnEndOfStream: false);
        }

        return head[..read];
    }

    private static IReadOnlyList<ColumnSchema> Columns(StagingFile records, JsonKeyTree keys, bool isWhole)
    {
        if (records.Length == 0 || (!isWhole && keys.Count == 0))
        {
            return [];
        }

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [records.Path] });
        var source = $"{SqlText.Literal(records.Path)}, records = '{(isWhole ? "false" : "true")}'";
        var found = Find(session, ref source, isWhole);
        var types = WithReadableTimes(session, source, found);
        var byName = keys.Fields.ToDictionary(field => field.Value.Name, field => field.Value, StringComparer.Ordinal);
        return [.. types.Select(column => column with { Type = (isWhole ? keys : byName[column.Name]).Mend(column.Type) })];
    }

    // Records that have few each of very many keys look to the engine like maps, which it does not take for records.
    private static IReadOnlyList<ColumnSchema> Find(DuckDbSession session, ref string source, bool isWhole)
    {
        try
        {
            return Describe(session, source);
        }
        catch (DuckDBException) when (!isWhole)
        {
            source = $"{source}, map_inference_threshold = -1, field_appearance_threshold = 0";
            return Describe(session, source);
        }
    }

    private static IReadOnlyList<ColumnSchema> Describe(DuckDbSession session, string source) =>
        session.Describe($"SELECT * FROM {Read(source, $"sample_size = -1, maximum_depth = {MaxTypeDepth}")}");

    // The engine finds times in more forms than it reads under a declared type: day first it would refuse the row, and an offset
    // from UTC it would forget. What it does not read as it found it gets a type that it does.
    private static IReadOnlyList<ColumnSchema> WithReadableTimes(
        DuckDbSession session, string source, IReadOnlyList<ColumnSchema> found)
    {
        var times = found.Where(column => Times().IsMatch(column.Type)).ToList();
        return times.Count == 0 || ReadsAsFound(session, source, times)
            ? found
            : [.. found.Select(column => times.Contains(column) ? WithReadableTimes(session, source, column) : column)];
    }

    private static ColumnSchema WithReadableTimes(DuckDbSession session, string source, ColumnSchema column)
    {
        var zoned = column with { Type = Times()
            .Replace(column.Type, time => time.Value == "DATE" ? "DATE" : "TIMESTAMP WITH TIME ZONE") };
        return ReadsAsFound(session, source, [column]) ? column
            : ReadsAsFound(session, source, [zoned]) ? zoned
            : column with { Type = Times().Replace(column.Type, "VARCHAR") };
    }

    // One after the other: each reads into buffers of twice the largest object. A value that a type has no room for is NULL here.
    private static bool ReadsAsFound(DuckDbSession session, string source, IReadOnlyList<ColumnSchema> columns) =>
        Sum(session, Read(source, "sample_size = -1, ignore_errors = true"), columns)
        == Sum(session, Read(source, $"auto_detect = false, ignore_errors = true, columns = {{{Types(columns)}}}"), columns);

    private static string Sum(DuckDbSession session, string table, IReadOnlyList<ColumnSchema> columns)
    {
        var values = columns.Select(column => $"CAST({SqlText.Name(column.Name)} AS {column.Type})");
        return session.Query(
            $"SELECT CAST(sum(hash({string.Join(", ", values)})) AS VARCHAR) FROM {table}", row => row.IsDBNull(0)
            ? ""
            : row.GetString(0)).Single();
    }

    private static string Types(IEnumerable<ColumnSchema> columns) =>
        string.Join(", ", columns.Select(column => $"{SqlText.Literal(column.Name)}: {SqlText.Literal(column.Type)}"));

    private static string Read(string source, string how) =>
        $"read_json({source}, format = 'newline_delimited', {how}, maximum_object_size = 67108864)";

    // Types, also inside of structs and lists; the name of a field has its type behind it.
    [GeneratedRegex(@"\b(DATE|TIMESTAMP)(?=[,)\[]|$)")]
    private static partial Regex Times();
}
