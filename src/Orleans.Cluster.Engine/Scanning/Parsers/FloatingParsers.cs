using System.Globalization;
using System.Text;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// DOUBLE: a decimal number with an exponent or without, or <c>nan</c>, <c>inf</c>, <c>infinity</c> in any case, with a sign or
/// none. The nearest double is taken; a number too large for one, or one that is not zero and would become zero, does not fit.
/// </summary>
internal readonly unsafe struct DoubleParser(byte point) : IFieldParser<double>
{
    // Both of these and their quotient or product are exact, so that it is rounded once.
    private const ulong MostExact = 1UL << 53;
    private static readonly double[] Powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    public bool TryParse(byte* start, byte* end, out double value)
    {
        if (!DecimalText.TryRead(start, end, point, out var text))
        {
            return FloatingWords.TryParse(start, end, out value);
        }

        if (text.Digits <= 19 && text.Mantissa <= MostExact && text.Exponent is >= -22 and <= 22)
        {
            value = text.Exponent < 0 ? text.Mantissa / Powers[-text.Exponent] : text.Mantissa * Powers[text.Exponent];
            value = text.IsNegative ? -value : value;
            return true;
        }

        return double.TryParse(
            FloatingWords.WithPoint(start, end, point), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value) && (value != 0 || text.Digits == 0);
    }
}

/// <summary>FLOAT: as <see cref="DoubleParser"/>, with the nearest float.</summary>
internal readonly unsafe struct FloatParser(byte point) : IFieldParser<float>
{
    public bool TryParse(byte* start, byte* end, out float value)
    {
        value = 0;
        if (!DecimalText.TryRead(start, end, point, out var text))
        {
            var isWord = FloatingWords.TryParse(start, end, out var word);
            value = (float)word;
            return isWord;
        }

        return float.TryParse(
            FloatingWords.WithPoint(start, end, point), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && float.IsFinite(value) && (value != 0 || text.Digits == 0);
    }
}

/// <summary>What is no number and yet a value of floating types.</summary>
internal static unsafe class FloatingWords
{
    // The engine's own: the framework's has its sign set, which the engine would print and hash as another value.
    private static readonly double NaN = BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000);

    /// <summary>The text with the point that the framework reads.</summary>
    public static ReadOnlySpan<byte> WithPoint(byte* start, byte* end, byte point)
    {
        var text = new ReadOnlySpan<byte>(start, (int)(end - start));
        if (point == (byte)'.')
        {
            return text;
        }

        var copy = text.ToArray();
        copy.AsSpan().Replace(point, (byte)'.');
        return copy;
    }

    public static bool TryParse(byte* start, byte* end, out double value)
    {
        value = NaN;
        var text = new ReadOnlySpan<byte>(start, (int)(end - start));
        var isNegative = text.StartsWith("-"u8);
        if (isNegative || text.StartsWith("+"u8))
        {
            text = text[1..];
        }

        if (text.Length == 3 && Ascii.EqualsIgnoreCase(text, "nan"u8))
        {
            return true;
        }

        value = isNegative ? double.NegativeInfinity : double.PositiveInfinity;
        return text.Length switch
        {
            3 => Ascii.EqualsIgnoreCase(text, "inf"u8),
            8 => Ascii.EqualsIgnoreCase(text, "infinity"u8),
            _ => false,
        };
    }
}
