using System.Buffers;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>Bytes that grow, in memory that is used again. For one thread.</summary>
internal sealed class PooledBytes
{
    private byte[] bytes = [];

    public int Length { get; private set; }

    /// <summary>More bytes at the end, of any content, for the caller to fill.</summary>
    /// <exception cref="OverflowException">They are more than an Arrow buffer has offsets for.</exception>
    public Span<byte> Add(int count)
    {
        var start = Length;
        Length = checked(start + count);
        if (Length > bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(Length, 2L * bytes.Length), Array.MaxLength));
            bytes.AsSpan(0, start).CopyTo(larger);
            Return(bytes);
            bytes = larger;
        }

        return bytes.AsSpan(start, count);
    }

    /// <summary>All bytes.</summary>
    public Span<byte> Span => bytes.AsSpan(0, Length);

    /// <summary>Hands the bytes on; this begins anew.</summary>
    /// <param name="rented">Gets what is to be returned when they are done with.</param>
    public ReadOnlyMemory<byte> Take(List<byte[]> rented)
    {
        var taken = bytes.AsMemory(0, Length);
        rented.Add(bytes);
        (bytes, Length) = ([], 0);
        return taken;
    }

    /// <summary>Gives memory back that <see cref="Take"/> handed on.</summary>
    public static void Return(byte[] rented)
    {
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
