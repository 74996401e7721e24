namespace Orleans.Cluster.Engine.Objects;

/// <summary>The bytes of a file or an object, read at any place. For one thread at a time.</summary>
internal abstract class SourceBytes : IDisposable
{
    /// <summary>Bytes in all.</summary>
    public abstract long Length { get; }

    /// <summary>Where the reader will stop, so that nothing behind it is fetched ahead.</summary>
    public long Until { get; set; } = long.MaxValue;

    /// <summary>Fills the buffer with what stands at an offset.</summary>
    /// <returns>Bytes read: fewer than asked for at the end alone.</returns>
    public abstract int Read(Span<byte> buffer, long offset);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
