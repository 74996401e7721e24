using Microsoft.Win32.SafeHandles;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Bytes [start, end) of a file, read forward. A range that ends inside the file must be there in full.</summary>
internal sealed class RangeStream(SafeFileHandle file, long start, long end) : ForwardStream
{
    private long _position = start;

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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
