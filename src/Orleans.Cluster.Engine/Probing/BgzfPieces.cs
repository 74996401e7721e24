using System.IO.Compression;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Pieces of the text of a BGZF file from all over it: each block inflates alone, so that nothing before it is read.
/// </summary>
internal static class BgzfPieces
{
    private const int MaxBlockBytes = 64 << 10;

    /// <summary>
    /// Pieces of text, each of one or more whole blocks, so that they begin and end somewhere inside of records.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="count">Pieces at most, evenly spread; the last of them is near the end.</param>
    /// <param name="bytes">Bytes of text of each, about.</param>
    public static IReadOnlyList<byte[]> Read(FileStamp file, int count, int bytes)
    {
        using var handle = SourceStreams.OpenFile(file.Path);
        var pieces = new List<byte[]>();
        long done = 0;
        foreach (var wanted in Enumerable.Range(1, count)
            .Select(i => (file.Bytes - (2 * MaxBlockBytes)) * i / count).Where(wanted => wanted > 0))
        {
            if (FindBlock(handle, Math.Max(wanted, done), file.Bytes) is { } start)
            {
                (var piece, done) = Inflate(handle, file.Path, start, bytes);
                pieces.Add(piece);
            }
        }

        return pieces;
    }

    // A block begins where its header and that of the block behind it stand.
    private static long? FindBlock(SourceBytes handle, long from, long end)
    {
        var window = new byte[Math.Min(2 * MaxBlockBytes, end - from)];
        var held = window.AsSpan(0, handle.Read(window, from));
        for (var at = 0; at < held.Length; at++)
        {
            var found = held[at..].IndexOf((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08, 0x04]);
            if (found < 0)
            {
                return null;
            }

            at += found;
            if (BgzfIndex.ReadBlockBytes(handle, from + at) is { } size
                && (from + at + size == end || BgzfIndex.ReadBlockBytes(handle, from + at + size) is not null))
            {
                return from + at;
            }
        }

        return null;
    }

    private static (byte[] Text, long End) Inflate(SourceBytes handle, string path, long offset, int bytes)
    {
        using var text = new MemoryStream();
        while (text.Length < bytes && BgzfIndex.ReadBlockBytes(handle, offset) is { } size)
        {
            var block = new byte[size];
            using var stored = new MemoryStream(block, 0, handle.Read(block, offset));
            using var member = new SourceText(path, new GZipStream(stored, CompressionMode.Decompress));
            member.CopyTo(text);
            offset += size;
        }

        return (text.ToArray(), offset);
    }
}
