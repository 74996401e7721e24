using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Pieces of a stream that can only be read from its start: some of the text behind the head is inflated to see whether it goes
/// on alike.
/// </summary>
internal static class StreamPieces
{
    /// <summary>Text of all files together that is inflated; more would make planning wait for it.</summary>
    public const long MostBytes = 64L << 20;

    private const int PieceCount = 8;
    private const int PieceBytes = 64 << 10;

    /// <summary>Pieces from behind the head, evenly spread, and what comes last.</summary>
    /// <param name="file">The file.</param>
    /// <param name="compression">How it is compressed.</param>
    /// <param name="encoding">How its text is written.</param>
    /// <param name="headBytes">Text that was looked at already.</param>
    /// <param name="mostBytes">Text to read at most, the head included.</param>
    public static IReadOnlyList<byte[]> Read(
        FileStamp file, SourceCompression compression, string encoding, int headBytes, long mostBytes)
    {
        var pieces = new List<byte[]>();
        var every = Math.Max(PieceBytes, (mostBytes - headBytes) / PieceCount);
        using var stream = SourceStreams.OpenInflated(file.Path, compression, encoding);
        var buffer = new byte[PieceBytes];
        byte[] before = [];
        long position = 0, next = headBytes;
        while (position < mostBytes && stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) is > 0 and var read)
        {
            var piece = buffer.AsSpan(0, read);
            if (position >= next)
            {
                pieces.Add(piece.ToArray());
                next = position + every;
            }

            if (read < buffer.Length && position > headBytes)
            {
                // The end, with what stands before it: alone it may be less than a record.
                pieces.Add([.. before, .. piece]);
            }

            before = piece.ToArray();
            position += read;
        }

        return pieces;
    }
}
