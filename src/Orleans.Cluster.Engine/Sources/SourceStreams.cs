using System.IO.Compression;
using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Opens files of a dataset as plain text: a range of bytes, inflated, and as UTF-8 where an offset could not be kept anyway.
/// </summary>
internal static class SourceStreams
{
    static SourceStreams() =>
        // Without it, a gzip file that breaks off ends like a whole one, and its last rows are lost in silence.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>Refuses a file that is not the one that was planned.</summary>
    /// <exception cref="EngineException">It is gone, or size or time differ.</exception>
    public static void CheckStamp(FileStamp stamp)
    {
        if (ObjectGrant.IsObject(stamp.Path))
        {
            return; // Each read of an object says which one it means.
        }

        // What is read is what a link leads to.
        var link = new FileInfo(stamp.Path);
        var file = (link.LinkTarget is null ? link : link.ResolveLinkTarget(returnFinalTarget: true) as FileInfo) ?? link;
        if (!file.Exists)
        {
            throw Unavailable($"{stamp.Path} is gone.");
        }

        if (file.Length != stamp.Bytes || new DateTimeOffset(file.LastWriteTimeUtc) != stamp.ModifiedAt)
        {
            throw Unavailable(
                $"{stamp.Path} changed since the job was planned: {stamp.Bytes} bytes of {stamp.ModifiedAt:O} then, "
                + $"{file.Length} bytes of {file.LastWriteTimeUtc:O} now. Submit the job again.");
        }
    }

    /// <summary>Refuses a slice whose file is not the one that was planned, or not the piece that was committed.</summary>
    /// <exception cref="EngineException">It is gone or different.</exception>
    public static void Check(FileSlice slice)
    {
        if (slice.Artifact is { } piece)
        {
            ArtifactCheck.Require(piece);
        }
        else
        {
            CheckStamp(slice.File.Stamp);
        }
    }

    /// <summary>
    /// The records of a slice as text; its first byte is the first record's. JSON documents are one value a line.
    /// </summary>
    public static Stream OpenRecords(FileSlice slice, SourceFormat format)
    {
        var file = slice.File;
        var path = file.Stamp.Path;
        var isPlain = slice.OriginPath is not null || (file.Compression == SourceCompression.None && !IsUtf16(file.Encoding));
        return (format, isPlain, slice.Inflated) switch
        {
            (SourceFormat.Json, _, _)
                when slice.OriginPath is null => new JsonLines(path, OpenInflated(path, file.Compression, file.Encoding)),
            (_, true, _) => new SourceText(path, new RangeStream(OpenFile(path), slice.Start, slice.End)),
            (_, _, { } part) => new SourceText(path, new BgzfStream(OpenFile(path), slice.Start, part)),
            _ => OpenText(file),
        };
    }

    /// <summary>The text of a whole file from its first record on.</summary>
    public static Stream OpenText(SourceFile file)
    {
        var stream = OpenInflated(file.Stamp.Path, file.Compression, file.Encoding);
        try
        {
            Skip(stream, file.DataStart);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>A file's bytes, inflated; as UTF-8 when it is UTF-16, otherwise as they are.</summary>
    public static Stream OpenInflated(string path, SourceCompression compression, string encoding)
    {
        Stream stream = new RangeStream(OpenFile(path), 0, long.MaxValue);
        stream = compression switch
        {
            SourceCompression.Gzip or SourceCompression.Bgzf => new GZipStream(stream, CompressionMode.Decompress),
            SourceCompression.Zstd => new ZstdSharp.DecompressionStream(stream, leaveOpen: false),
            _ => stream,
        };
        return new SourceText(path, IsUtf16(encoding)
            ? Encoding.CreateTranscodingStream(
                stream, new UnicodeEncoding(encoding == "utf-16be", false, true), new UTF8Encoding(false))
            : stream);
    }

    public static bool IsUtf16(string encoding) => encoding.StartsWith("utf-16", StringComparison.Ordinal);

    /// <summary>The bytes of a file, or of an object of a store.</summary>
    /// <exception cref="EngineException">It cannot be read.</exception>
    public static SourceBytes OpenFile(string path) =>
        ObjectGrant.IsObject(path) ? ObjectReads.Open(path) : new FileBytes(SourceGuard.Open(path));

    private static void Skip(Stream stream, long bytes)
    {
        var buffer = new byte[Math.Min(bytes, 64 << 10)];
        while (bytes > 0)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(bytes, buffer.Length));
            if (read == 0)
            {
                throw new EndOfStreamException("The file ends before its first record.");
            }

            bytes -= read;
        }
    }

    private static EngineException Unavailable(string message) => new(FailureKind.SourceUnavailable, message);
}
