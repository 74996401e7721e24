using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Schema of JSON, from sample records of every file.</summary>
internal static class JsonProbe
{
    private const int HeadBytes = 1 << 20;

    public static DatasetProbe Probe(ProbeRequest request, SourceFormat format, CancellationToken cancellationToken)
    {
        using var sampleFile = StagingFile.Create(Path.GetTempPath(), inMemory: false);
        var files = new List<SourceFile>();
        foreach (var file in request.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files.Add(format == SourceFormat.Json ? Document(file, request.Source.Options, sampleFile) : Lines(file, request.Source.Options, sampleFile));
        }

        sampleFile.Complete();
        return new DatasetProbe { Format = format, Columns = Columns(sampleFile, request), Files = files };
    }

    private static SourceFile Lines(FileStamp file, SourceOptions options, StagingFile into)
    {
        var sample = TextSample.Take(file, options, HeadBytes, wantOthers: true);
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
        var plain = sample.Compression == SourceCompression.None && !SourceStreams.IsUtf16(sample.Encoding);
        var bytes = plain ? file.Bytes : sample.HeadIsWhole ? sample.Head.Length : file.Bytes * 4;
        return new SourceFile
        {
            Stamp = file,
            Compression = sample.Compression,
            DataStart = sample.MarkBytes,
            UncompressedBytes = bytes,
            EstimatedRows = end == 0 ? 0 : (long)(bytes * (rows / (double)end)),
            Splittable = plain,
        };
    }

    private static SourceFile Document(FileStamp file, SourceOptions options, StagingFile into)
    {
        SourceStreams.CheckStamp(file);
        var compression = options.Compression == SourceCompression.Auto ? TextSample.FindCompression(file.Path) : options.Compression;
        using var lines = JsonLines.Open(file.Path, compression);
        var head = new byte[HeadBytes];
        var read = lines.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var end = read < head.Length ? read : Array.LastIndexOf(head, (byte)'\n') + 1;
        Append(into, head.AsSpan(0, end));
        return new SourceFile
        {
            Stamp = file,
            Compression = compression,
            UncompressedBytes = file.Bytes,
            EstimatedRows = end == 0 ? 0 : (long)(file.Bytes * (head.AsSpan(0, end).Count((byte)'\n') / (double)end)),
            Splittable = false,
        };
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
            var found = session.Describe(
                $"SELECT * FROM read_json({SqlText.Literal(sample.Path)}, format = 'newline_delimited', sample_size = -1, maximum_object_size = 67108864)");
            return
            [
                .. found.Select(column => column with { Type = declared.GetValueOrDefault(column.Name) ?? column.Type }),
                .. declared.Where(pair => found.All(column => column.Name != pair.Key)).Select(pair => new ColumnSchema(pair.Key, pair.Value)),
            ];
        }
        catch (DuckDBException e)
        {
            throw new EngineException(
                FailureKind.BadData, $"{request.Files[0].Path} is not the JSON that it should be: {DuckDbErrors.ToFailure(e).Message}",
                ErrorCode.DatasetNotReadable.Word, e);
        }
    }
}
