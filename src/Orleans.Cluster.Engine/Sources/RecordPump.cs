using System.Buffers;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Takes records in order as a <see cref="RecordPump"/> finds them. Offsets count from the start of the pumped text.
/// </summary>
internal interface IRecordSink
{
    /// <summary>Whole lines that each end with LF and are one record: nothing quoted, nothing blank.</summary>
    void PlainLines(ReadOnlySpan<byte> text, long offset);

    /// <summary>One record.</summary>
    /// <param name="raw">With its line end, if it has one.</param>
    /// <param name="contentLength">Bytes without the line end.</param>
    /// <param name="offset">Where it starts.</param>
    void Record(ReadOnlySpan<byte> raw, int contentLength, long offset);

    /// <summary>A blank line that is no record.</summary>
    void Blank(ReadOnlySpan<byte> raw, long offset);
}

/// <summary>Reads a stream of text once, in blocks that stay in the processor's cache, and hands its records to a sink.</summary>
internal static class RecordPump
{
    /// <summary>A longer record is an error: an open quote would otherwise swallow the rest of the file into memory.</summary>
    public const int MaxRecordBytes = 64 << 20;

    private const int BlockBytes = 256 << 10;

    /// <summary>Pumps all of a stream.</summary>
    /// <exception cref="EngineException">A record is longer than <see cref="MaxRecordBytes"/>.</exception>
    public static void Pump(Stream stream, RecordSplitter splitter, IRecordSink sink, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            long offset = 0;
            var held = 0;
            var isLast = false;
            while (!isLast)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = stream.Read(buffer, held, buffer.Length - held);
                isLast = read == 0;
                held += read;
                var used = Drain(buffer.AsSpan(0, held), isLast, splitter, sink, offset);
                offset += used;
                held -= used;
                buffer.AsSpan(used, held).CopyTo(buffer);
                if (held == buffer.Length)
                {
                    buffer = Grow(buffer, offset, (stream as SourceText)?.Path);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Answers the bytes that were handed on; the rest is the start of a record whose end is not here yet.
    private static int Drain(ReadOnlySpan<byte> text, bool isLast, RecordSplitter splitter, IRecordSink sink, long offset)
    {
        var lines = text[..(text.LastIndexOf((byte)'\n') + 1)];
        if (lines.Length > 0 && splitter.IsPlain(lines))
        {
            sink.PlainLines(lines, offset);
        }
        else
        {
            lines = [];
        }

        var position = lines.Length;
        while (position < text.Length && splitter.TryFindEnd(text, position, isLast, out var contentEnd, out var next))
        {
            var raw = text[position..next];
            if (splitter.IsBlank(text[position..contentEnd]))
            {
                sink.Blank(raw, offset + position);
            }
            else
            {
                sink.Record(raw, contentEnd - position, offset + position);
            }

            position = next;
        }

        return position;
    }

    private static byte[] Grow(byte[] buffer, long offset, string? path)
    {
        if (buffer.Length >= MaxRecordBytes)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{(path is null ? "The" : $"{path}: the")} record at byte {offset} is longer than {MaxRecordBytes >> 20} MiB. "
                + "Is a quote left open, or is `quote` wrong?");
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
