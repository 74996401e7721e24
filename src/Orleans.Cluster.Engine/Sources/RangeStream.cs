using Orleans.Cluster.Engine.Objects;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Bytes [start, end) of a file, read forward. A range that ends inside the file must be there in full.</summary>
internal sealed class RangeStream : ForwardStream
{
    private readonly SourceBytes _file;
    private readonly long _end;
    private long _position;

    /// <param name="file">The bytes; disposed of with this.</param>
    /// <param name="start">First byte.</param>
    /// <param name="end">Behind the last one; <see cref="long.MaxValue"/> for the end of the file.</param>
    public RangeStream(SourceBytes file, long start, long end)
    {
        (_file, _position, _end) = (file, start, end);
        file.Until = end;
    }

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, _end - _position);
        var read = wanted <= 0 ? 0 : _file.Read(buffer[..wanted], _position);
        if (read == 0 && wanted > 0 && _end != long.MaxValue)
        {
            throw new InvalidDataException(
                $"The file ends at byte {_position}, before byte {_end} where the range ends. It changed while it was read.");
        }

        _position += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }
}
