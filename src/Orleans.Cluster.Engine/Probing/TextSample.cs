using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Pieces of one text file, as plain UTF-8: its head, and of a plain file also its middle and its end.</summary>
/// <param name="File">The file.</param>
/// <param name="Compression">As its first bytes say.</param>
/// <param name="Encoding">As its byte order mark says, or as declared.</param>
/// <param name="Head">First bytes of the inflated text, byte order mark included.</param>
/// <param name="MarkBytes">Length of the byte order mark in <paramref name="Head"/>.</param>
/// <param name="HeadIsWhole">Whether the head is all there is.</param>
/// <param name="Others">Pieces from further on; each begins somewhere inside a record.</param>
internal sealed record TextSample(
    FileStamp File, SourceCompression Compression, string Encoding, byte[] Head, int MarkBytes, bool HeadIsWhole,
    IReadOnlyList<byte[]> Others)
{
    /// <summary>Bytes of text that one stored byte of a stream is taken for until it is read.</summary>
    public const int Ratio = 4;

    private const int OtherBytes = 64 << 10;

    // Pieces from further on, evenly spread; the last of them is the end.
    private const int OtherCount = 8;

    /// <summary>Whether the bytes of the file are its text.</summary>
    public bool IsPlain => Compression == SourceCompression.None && !SourceStreams.IsUtf16(Encoding);

    /// <summary>Whether a range of it can be read without what stands before.</summary>
    public bool IsSplittable => IsPlain || (Compression == SourceCompression.Bgzf && !SourceStreams.IsUtf16(Encoding));

    /// <summary>Bytes of its text, where the head is not all of it an estimate.</summary>
    public long InflatedBytes =>
        IsPlain ? File.Bytes : HeadIsWhole ? Head.Length : Compression == SourceCompression.None ? File.Bytes
        : File.Bytes * Ratio;

    /// <summary>Looks into a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What the user knows.</param>
    /// <param name="headBytes">Bytes of head.</param>
    /// <param name="wantOthers">Whether middle and end are wanted.</param>
    /// <param name="streamBytes">Bytes of text of a stream that are inflated for that at most.</param>
    public static TextSample Take(FileStamp file, SourceOptions options, int headBytes, bool wantOthers, long streamBytes = 0)
    {
        SourceStreams.CheckStamp(file);
        var start = ReadStart(file, headBytes);
        var compression = options.Compression == SourceCompression.Auto ? CompressionOf(start) : options.Compression;
        if (compression == SourceCompression.Bgzf)
        {
            RequireEndMarker(file.Path);
        }

        var encoding = compression == SourceCompression.None
            ? EncodingOf(start, options)
            : FindEncoding(file.Path, compression, options);
        var plain = compression == SourceCompression.None && !SourceStreams.IsUtf16(encoding);
        var (head, whole) = plain ? (start, start.Length == file.Bytes) : ReadHead(file, compression, encoding, headBytes);
        Refuse(file.Path, head, encoding, options);
        var mark = head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        return new TextSample(file, compression, encoding, head, mark, whole, wantOthers && !whole ? Others() : []);

        IReadOnlyList<byte[]> Others() =>
            plain ? ReadOthers(file, headBytes)
            : compression == SourceCompression.Bgzf && !SourceStreams.IsUtf16(encoding)
            ? BgzfPieces.Read(file, OtherCount, OtherBytes)
            : streamBytes > headBytes ? StreamPieces.Read(file, compression, encoding, headBytes, streamBytes)
            : [];
    }

    // First bytes as stored. Of plain text they are the head, so that a small file is opened once.
    private static byte[] ReadStart(FileStamp file, int bytes)
    {
        var start = new byte[Math.Min(bytes, file.Bytes)];
        using var handle = SourceStreams.OpenFile(file.Path);
        var read = 0;
        for (int more; read < start.Length && (more = handle.Read(start.AsSpan(read), read)) > 0; read += more)
        {
        }

        return start[..read];
    }

    private static SourceCompression CompressionOf(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]))
        {
            return SourceCompression.Zstd;
        }

        if (!start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            return SourceCompression.None;
        }

        // BGZF: an extra field whose first subfield is "BC".
        return start.Length >= 14 && (start[3] & 4) != 0 && start[12] == (byte)'B' && start[13] == (byte)'C'
            ? SourceCompression.Bgzf : SourceCompression.Gzip;
    }

    private static string? Normalise(string? declared) => declared?.ToLowerInvariant() switch
    {
        null => null,
        "utf8" or "utf-8" => "utf-8",
        "utf-16" or "utf16" or "utf-16le" => "utf-16le",
        "utf-16be" => "utf-16be",
        "latin-1" or "latin1" or "iso-8859-1" => "latin-1",
        "windows-1252" or "cp1252" => "windows-1252",
        var other => throw new EngineException(
            FailureKind.BadData, $"Encoding '{other}' is not known. Known: utf-8, utf-16, latin-1, windows-1252.",
            ProblemCode.DatasetNotReadable.Word),
    };

    private static string FindEncoding(string path, SourceCompression compression, SourceOptions options)
    {
        using var stream = SourceStreams.OpenInflated(path, compression, "utf-8");
        var start = new byte[2];
        return EncodingOf(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)), options);
    }

    // A byte order mark tells whether it is UTF-16, unless another encoding was declared; without one, what was declared.
    private static string EncodingOf(ReadOnlySpan<byte> start, SourceOptions options)
    {
        var declared = Normalise(options.Encoding);
        return declared is not null && !SourceStreams.IsUtf16(declared) ? declared
            : start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) ? "utf-16le"
            : start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) ? "utf-16be"
            : declared ?? "utf-8";
    }

    // Blocks end alike wherever a file is cut between two of them; only the empty block at its end says that it is whole.
    private static void RequireEndMarker(string path)
    {
        using var handle = SourceStreams.OpenFile(path);
        if (!BgzfIndex.EndsWhole(handle))
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, $"{path} has no BGZF end mark: it was cut off, or is being written.",
                ProblemCode.DatasetNotReadable.Word);
        }
    }

    private static (byte[] Head, bool Whole) ReadHead(FileStamp file, SourceCompression compression, string encoding, int bytes)
    {
        using var stream = SourceStreams.OpenInflated(file.Path, compression, encoding);
        var head = new byte[bytes];
        var read = stream.ReadAtLeast(head, bytes, throwOnEndOfStream: false);
        var whole = read < bytes || stream.ReadByte() < 0;
        return (head[..read], whole);
    }

    private static List<byte[]> ReadOthers(FileStamp file, int headBytes)
    {
        var starts = Enumerable.Range(1, OtherCount)
            .Select(i => ((file.Bytes - OtherBytes) * i) / OtherCount).Where(start => start > headBytes).Distinct();
        using var handle = SourceStreams.OpenFile(file.Path);
        var others = new List<byte[]>();
        foreach (var start in starts)
        {
            var piece = new byte[Math.Min(OtherBytes, file.Bytes - start)];
            others.Add(piece[..handle.Read(piece, start)]);
        }

        return others;
    }

    // What is no text would be read as some, to the surprise of all.
    private static void Refuse(string path, byte[] head, string encoding, SourceOptions options)
    {
        if (SourceStreams.IsUtf16(encoding))
        {
            return;
        }

        if (FileSignature.Find(head) is { } what)
        {
            throw new EngineException(
                FailureKind.BadData, $"{path} is not a table: it is {what}.", ProblemCode.DatasetNotReadable.Word);
        }

        if (options.Encoding is null && FileSignature.FindUtf16(head) is { } utf16)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{path} looks like UTF-16 without a byte order mark. Set options.encoding to {utf16} if it is.",
                ProblemCode.DatasetNotReadable.Word);
        }
    }
}
