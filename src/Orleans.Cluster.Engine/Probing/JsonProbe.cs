using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
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

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        using var sampleFile = StagingFile.Create(Path.GetTempPath(), inMemory: false);
        var files = new List<SourceFile>();
        var headBytes = (int)Math.Clamp(SampleBytes / request.Files.Count, LeastHeadBytes, HeadBytes);
        foreach (var file in request.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files.Add(format == SourceFormat.Json ? Document(file, request.Source.Options, headBytes, sampleFile) : Lines(file, request.Source.Options, headBytes, sampleFile));
        }

        sampleFile.Complete();
        return new DatasetProbe { Format = format, Columns = Columns(sampleFile, request), Files = files };
    }

    private static SourceFile Lines(FileStamp file, SourceOptions options, int headBytes, StagingFile into)
    {
        var sample = TextSample.Take(file, options, headBytes, wantOthers: headBytes == HeadBytes);
        for (var bytes = headBytes * 8L; !sample.HeadIsWhole && !sample.Head.AsSpan().Contains((byte)'\n') && bytes <= RecordPump.MaxRecordBytes; bytes *= 8)
        {
            sample = TextSample.Take(file, options, (int)bytes, wantOthers: false);
        }

        var head = sample.Head.AsSpan(sample.MarkBytes);
        var end = sample.HeadIsWhole ? head.Length : head.LastIndexOf((byte)'\n') + 1;
        Append(into, head[..end]);
        foreach (var piece in sample.Others)
        {
            var start = Array.IndexOf(piece, (byte)'\n') + 1;
            var last = Array.LastIndexOf(piece, (byte)'\n') + 1;
            Append(into, piece.AsSpan(start, Math.Max(0, last - start)));
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

    private static SourceFile Document(FileStamp file, SourceOptions options, int headBytes, StagingFile into)
    {
        var sample = TextSample.Take(file, options, 4, wantOthers: false);
        var source = new SourceFile { Stamp = file, Compression = sample.Compression, Encoding = sample.Encoding };
        using var lines = SourceStreams.OpenRecords(new FileSlice { File = source, End = file.Bytes }, SourceFormat.Json);
        var head = ReadLine(lines, headBytes);
        var end = head.AsSpan().LastIndexOf((byte)'\n') + 1;
        Append(into, head.AsSpan(0, end));
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

    private static void Append(StagingFile file, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
        {
            file.Append(text);
            file.Append("\n"u8);
        }
    }

    private static List<ColumnSchema> Columns(StagingFile sample, ProbeRequest request)
    {
        var declared = request.Source.Options.Columns ?? new Dictionary<string, string>();
        if (sample.Length == 0)
        {
            return [.. declared.Select(pair => new ColumnSchema(pair.Key, pair.Value))];
        }

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Files = [sample.Path] });
        try
        {
            var found = WithReadableTimes(session, sample.Path, Describe(session, sample.Path));
            return
            [
                .. found.Select(column => column with { Type = DeclaredType(column.Name, found, declared) ?? column.Type }),
                .. declared.Where(pair => !found.Any(column => string.Equals(column.Name, pair.Key, StringComparison.OrdinalIgnoreCase)))
                    .Select(pair => new ColumnSchema(pair.Key, pair.Value)),
            ];
        }
        catch (DuckDBException e)
        {
            throw new EngineException(
                FailureKind.BadData, $"{request.Files[0].Path} is not the JSON that it should be: {DuckDbErrors.ToFailure(e).Message}",
                ProblemCode.DatasetNotReadable.Word, e);
        }
    }

    // Keys of JSON may differ in case only; a declared name in another case means a key where it can mean no other.
    private static string? DeclaredType(string name, IReadOnlyList<ColumnSchema> found, IReadOnlyDictionary<string, string> declared) =>
        declared.GetValueOrDefault(name)
        ?? declared.Where(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase) && found.All(column => column.Name != pair.Key))
            .Select(pair => pair.Value).FirstOrDefault();

    // The engine finds times in more forms than it reads under a declared type: day first it would refuse the row, and an offset from UTC it
    // would forget. What it does not read as it found it gets a type that it does.
    private static IReadOnlyList<ColumnSchema> WithReadableTimes(DuckDbSession session, string path, IReadOnlyList<ColumnSchema> found)
    {
        var times = found.Where(column => Times().IsMatch(column.Type)).ToList();
        return times.Count == 0 || ReadsAsFound(session, path, times)
            ? found
            : [.. found.Select(column => times.Contains(column) ? WithReadableTimes(session, path, column) : column)];
    }

    private static ColumnSchema WithReadableTimes(DuckDbSession session, string path, ColumnSchema column)
    {
        var zoned = column with { Type = Times().Replace(column.Type, time => time.Value == "DATE" ? "DATE" : "TIMESTAMP WITH TIME ZONE") };
        return ReadsAsFound(session, path, [column]) ? column
            : ReadsAsFound(session, path, [zoned]) ? zoned
            : column with { Type = Times().Replace(column.Type, "VARCHAR") };
    }

    // One after the other: each reads into buffers of twice the largest object. A value that a type has no room for is NULL here.
    private static bool ReadsAsFound(DuckDbSession session, string path, IReadOnlyList<ColumnSchema> columns) =>
        Sum(session, Read(path, "sample_size = -1, ignore_errors = true"), columns)
        == Sum(session, Read(path, $"auto_detect = false, ignore_errors = true, columns = {{{Types(columns)}}}"), columns);

    private static string Sum(DuckDbSession session, string table, IReadOnlyList<ColumnSchema> columns)
    {
        var values = columns.Select(column => $"CAST({SqlText.Name(column.Name)} AS {column.Type})");
        return session.Query($"SELECT CAST(sum(hash({string.Join(", ", values)})) AS VARCHAR) FROM {table}", row => row.IsDBNull(0) ? "" : row.GetString(0)).Single();
    }

    // A line that is no JSON, such as the last one of a file that is still written, is for the task that reads it to name or to set aside.
    private static IReadOnlyList<ColumnSchema> Describe(DuckDbSession session, string path)
    {
        try
        {
            return session.Describe($"SELECT * FROM {Read(path, "sample_size = -1")}");
        }
        catch (DuckDBException e) when (DuckDbErrors.MayBeBadRow(e))
        {
            var found = session.Describe($"SELECT * FROM {Read(path, "sample_size = -1, ignore_errors = true")}");
            if (found is [{ Type: "JSON" }])
            {
                throw;
            }

            return found;
        }
    }

    private static string Types(IEnumerable<ColumnSchema> columns) =>
        string.Join(", ", columns.Select(column => $"{SqlText.Literal(column.Name)}: {SqlText.Literal(column.Type)}"));

    private static string Read(string path, string how) =>
        $"read_json({SqlText.Literal(path)}, format = 'newline_delimited', {how}, maximum_object_size = 67108864)";

    // Types, also inside of structs and lists; the name of a field has its type behind it.
    [GeneratedRegex(@"\b(DATE|TIMESTAMP)(?=[,)\[]|$)")]
    private static partial Regex Times();
}
