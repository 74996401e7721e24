using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Where certain bytes are among 64 of them, one bit each.</summary>
internal readonly struct BlockBits(ulong delimiters, ulong quotes, ulong lf, ulong cr)
{
    public readonly ulong Delimiters = delimiters;
    public readonly ulong Quotes = quotes;
    public readonly ulong Lf = lf;
    public readonly ulong Cr = cr;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe BlockBits Read(byte* text, byte delimiter, byte quote, bool hasQuote)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var block = Vector512.Load(text);
            return new BlockBits(
                Vector512.Equals(block, Vector512.Create(delimiter)).ExtractMostSignificantBits(),
                hasQuote ? Vector512.Equals(block, Vector512.Create(quote)).ExtractMostSignificantBits() : 0,
                Vector512.Equals(block, Vector512.Create((byte)'\n')).ExtractMostSignificantBits(),
                Vector512.Equals(block, Vector512.Create((byte)'\r')).ExtractMostSignificantBits());
        }

        return new BlockBits(
            Find(text, delimiter), hasQuote ? Find(text, quote) : 0, Find(text, (byte)'\n'), Find(text, (byte)'\r'));
    }

    /// <summary>Where one byte is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe ulong Find(byte* text, byte wanted)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            var vector = Vector256.Create(wanted);
            return Vector256.Equals(Vector256.Load(text), vector).ExtractMostSignificantBits()
                | ((ulong)Vector256.Equals(Vector256.Load(text + 32), vector).ExtractMostSignificantBits() << 32);
        }

        var narrow = Vector128.Create(wanted);
        return Vector128.Equals(Vector128.Load(text), narrow).ExtractMostSignificantBits()
            | ((ulong)Vector128.Equals(Vector128.Load(text + 16), narrow).ExtractMostSignificantBits() << 16)
            | ((ulong)Vector128.Equals(Vector128.Load(text + 32), narrow).ExtractMostSignificantBits() << 32)
            | ((ulong)Vector128.Equals(Vector128.Load(text + 48), narrow).ExtractMostSignificantBits() << 48);
    }

    /// <summary>
    /// Each bit the xor of those up to it: with the bits of quotes, set from an opening quote up to the closing one, that not
    /// included.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PrefixXor(ulong bits)
    {
        if (Pclmulqdq.IsSupported)
        {
            return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(bits), Vector128.CreateScalar(ulong.MaxValue), 0)
                .ToScalar();
        }

        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        return bits ^ (bits << 32);
    }
}
