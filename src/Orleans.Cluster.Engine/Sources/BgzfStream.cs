using System.IO.Compression;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>The text of neighbouring blocks of a BGZF file, from inside the first to inside the last.</summary>
/// <param name="file">The file; disposed of with this.</param>
/// <param name="start">Offset of the first block.</param>
/// <param name="part">Which of its text.</param>
internal sealed class BgzfStream(SourceBytes file, long start, InflatedRange part) : ForwardStream
{
    private const int MaxBlockBytes = 64 << 10;

    private readonly byte[] _block = new byte[MaxBlockBytes];
    private readonly byte[] _text = new byte[MaxBlockBytes];
    private long _offset = start;
    private long _skip = part.Lead;
    private long _left = part.Bytes;
    private int _held;
    private int _sent;

    public override int Read(Span<byte> buffer)
    {
        while (_sent == _held && _left > 0)
        {
            Inflate();
        }

        var count = (int)Math.Min(Math.Min(buffer.Length, _held - _sent), _left);
        _text.AsSpan(_sent, count).CopyTo(buffer);
        _sent += count;
        _left -= count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    // A block is a gzip member of its own, whose sum is checked.
    private void Inflate()
    {
        var bytes = BgzfIndex.ReadBlockBytes(file, _offset)
            ?? throw new InvalidDataException($"There is no block at byte {_offset}.");
        if (file.Read(_block.AsSpan(0, bytes), _offset) < bytes)
        {
            throw new InvalidDataException($"The block at byte {_offset} is cut off.");
        }

        using var member = new GZipStream(new MemoryStream(_block, 0, bytes), CompressionMode.Decompress);
        _held = member.ReadAtLeast(_text, _text.Length, throwOnEndOfStream: false);
        _offset += bytes;
        _sent = (int)Math.Min(_skip, _held);
        _skip -= _sent;
    }
}
