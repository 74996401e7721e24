using Microsoft.Win32.SafeHandles;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Bytes [start, end) of a file, read forward. A range that ends inside the file must be there in full.</summary>
internal sealed class RangeStream(SafeFileHandle file, long start, long end) : Stream
{
    private long _position = start;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, end - _position);
        var read = wanted <= 0 ? 0 : RandomAccess.Read(file, buffer[..wanted], _position);
        if (read == 0 && wanted > 0 && end != long.MaxValue)
        {
            throw new InvalidDataException($"The file ends at byte {_position}, before byte {end} where the range ends. It changed while it was read.");
        }

        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
