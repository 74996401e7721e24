using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>
/// Bytes that grow at their end, outside of the managed heap. Some bytes behind the end may be read, whatever they are.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const long Padding = 32;
    private const long LeastBytes = 4096;
    private byte* data;
    private long capacity;

    /// <summary>Bytes in it.</summary>
    public long Length { get; private set; }

    /// <summary>The first byte, until the next <see cref="Add"/>.</summary>
    public byte* Data => data;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => new(data, checked((int)Length));

    /// <summary>Room for more bytes at the end; what is in it is not said.</summary>
    public byte* Add(long bytes)
    {
        var needed = Length + bytes;
        if (needed > capacity || data is null)
        {
            // Memory of this size is moved by its pages, so that growing copies nothing.
            capacity = Math.Max(Math.Max(needed, capacity + (capacity / 2)), LeastBytes);
            data = (byte*)NativeMemory.Realloc(data, (nuint)(capacity + Padding));
        }

        var added = data + Length;
        Length = needed;
        return added;
    }

    /// <summary>Adds one value.</summary>
    public void AddValue<T>(T value)
        where T : unmanaged => *(T*)Add(sizeof(T)) = value;

    /// <summary>Empties it; the memory stays.</summary>
    public void Clear() => Length = 0;

    public void Dispose()
    {
        NativeMemory.Free(data);
        data = null;
        (capacity, Length) = (0, 0);
    }
}
