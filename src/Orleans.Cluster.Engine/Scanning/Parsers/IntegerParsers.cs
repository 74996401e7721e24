using System.Numerics;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>TINYINT to BIGINT: whole numbers as <see cref="WholeNumber"/> takes them, within the type's range.</summary>
internal readonly unsafe struct SignedParser<T> : IFieldParser<T>
    where T : unmanaged, ISignedNumber<T>, IBinaryInteger<T>, IMinMaxValue<T>
{
    public bool TryParse(byte* start, byte* end, out T value)
    {
        value = default;
        if (!WholeNumber.TryParse(start, end, out ulong magnitude, out var isNegative))
        {
            return false;
        }

        var most = ulong.CreateTruncating(T.MaxValue);
        if (magnitude > most + (isNegative ? 1UL : 0))
        {
            return false;
        }

        value = T.CreateTruncating(isNegative ? 0 - magnitude : magnitude);
        return true;
    }
}

/// <summary>
/// UTINYINT to UBIGINT: whole numbers as <see cref="WholeNumber"/> takes them, within the type's range; <c>-0</c> is 0.
/// </summary>
internal readonly unsafe struct UnsignedParser<T> : IFieldParser<T>
    where T : unmanaged, IUnsignedNumber<T>, IBinaryInteger<T>, IMinMaxValue<T>
{
    public bool TryParse(byte* start, byte* end, out T value)
    {
        value = default;
        if (!WholeNumber.TryParse(start, end, out ulong magnitude, out var isNegative)
            || magnitude > (isNegative ? 0UL : ulong.CreateTruncating(T.MaxValue)))
        {
            return false;
        }

        value = T.CreateTruncating(magnitude);
        return true;
    }
}

/// <summary>HUGEINT: whole numbers as <see cref="WholeNumber"/> takes them, within 128 bits.</summary>
internal readonly unsafe struct HugeIntParser : IFieldParser<Int128>
{
    public bool TryParse(byte* start, byte* end, out Int128 value)
    {
        value = default;
        if (!WholeNumber.TryParse(start, end, out UInt128 magnitude, out var isNegative)
            || magnitude > (UInt128)Int128.MaxValue + (isNegative ? 1U : 0U))
        {
            return false;
        }

        value = (Int128)(isNegative ? UInt128.Zero - magnitude : magnitude);
        return true;
    }
}

/// <summary>UHUGEINT: whole numbers as <see cref="WholeNumber"/> takes them, within 128 bits without a sign.</summary>
internal readonly unsafe struct UnsignedHugeIntParser : IFieldParser<UInt128>
{
    public bool TryParse(byte* start, byte* end, out UInt128 value) =>
        WholeNumber.TryParse(start, end, out value, out var isNegative) && (!isNegative || value == 0);
}

/// <summary>
/// BOOLEAN: <c>true</c>, <c>false</c>, <c>t</c>, <c>f</c>, <c>yes</c>, <c>no</c>, <c>y</c>, <c>n</c>, <c>1</c>, <c>0</c>, in any
/// case.
/// </summary>
internal readonly unsafe struct BooleanParser : IFieldParser<byte>
{
    public bool TryParse(byte* start, byte* end, out byte value)
    {
        var text = new ReadOnlySpan<byte>(start, (int)(end - start));
        value = 1;
        if (Is(text, "true"u8) || Is(text, "t"u8) || Is(text, "yes"u8) || Is(text, "y"u8) || Is(text, "1"u8))
        {
            return true;
        }

        value = 0;
        return Is(text, "false"u8) || Is(text, "f"u8) || Is(text, "no"u8) || Is(text, "n"u8) || Is(text, "0"u8);
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length == word.Length && System.Text.Ascii.EqualsIgnoreCase(text, word);
}
