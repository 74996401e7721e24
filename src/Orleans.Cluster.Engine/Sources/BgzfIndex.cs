using System.Buffers.Binary;
using Orleans.Cluster.Engine.Objects;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// The blocks of a BGZF file, found by going from header to header: each says how long it is, and its end how much it inflates
/// to.
/// </summary>
internal sealed class BgzfIndex
{
    private const int FixedHeader = 12;

    private readonly List<(long Offset, long TextStart)> _blocks = [];

    private BgzfIndex()
    {
    }

    /// <summary>Bytes of the inflated text.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Walks a file; null when it is not BGZF to its end. Such a file is a gzip stream still.</summary>
    public static BgzfIndex? Read(SourceBytes file)
    {
        var index = new BgzfIndex();
        var length = file.Length;
        Span<byte> size = stackalloc byte[4];
        for (long offset = 0; offset < length;)
        {
            if (ReadBlockBytes(file, offset) is not { } bytes || offset + bytes > length
                || file.Read(size, offset + bytes - 4) < 4)
            {
                return null;
            }

            index._blocks.Add((offset, index.TextBytes));
            index.TextBytes += BinaryPrimitives.ReadUInt32LittleEndian(size);
            offset += bytes;
        }

        return index;
    }

    /// <summary>Whether the file ends with the empty block that says that nothing was cut off.</summary>
    public static bool EndsWhole(SourceBytes file)
    {
        ReadOnlySpan<byte> marker =
            [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        var length = file.Length;
        Span<byte> end = stackalloc byte[marker.Length];
        return length >= marker.Length && file.Read(end, length - marker.Length) == marker.Length && end.SequenceEqual(marker);
    }

    /// <summary>Bytes of the block at an offset; null when there is none.</summary>
    public static int? ReadBlockBytes(SourceBytes file, long offset)
    {
        Span<byte> header = stackalloc byte[FixedHeader];
        if (file.Read(header, offset) < FixedHeader || header[0] != 0x1F || header[1] != 0x8B || (header[3] & 4) == 0)
        {
            return null;
        }

        var extra = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header[10..])];
        if (file.Read(extra, offset + FixedHeader) < extra.Length)
        {
            return null;
        }

        for (var at = 0; at + 6 <= extra.Length; at += 4 + BinaryPrimitives.ReadUInt16LittleEndian(extra.AsSpan(at + 2)))
        {
            if (extra[at] == 'B' && extra[at + 1] == 'C')
            {
                return BinaryPrimitives.ReadUInt16LittleEndian(extra.AsSpan(at + 4)) + 1;
            }
        }

        return null;
    }

    /// <summary>Offset in the text where the first block at or behind an offset of the file begins.</summary>
    public long TextStartAt(long offset)
    {
        var (low, high) = (0, _blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _blocks[middle].Offset < offset ? (middle + 1, high) : (low, middle);
        }

        return low < _blocks.Count ? _blocks[low].TextStart : TextBytes;
    }

    /// <summary>The block with a byte of the text.</summary>
    public (long Offset, long TextStart) BlockOf(long text)
    {
        var (low, high) = (0, _blocks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _blocks[middle].TextStart <= text ? (middle, high) : (low, middle - 1);
        }

        return _blocks[low];
    }
}
