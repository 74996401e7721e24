using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Reads JSON values of one type, as far as there is no doubt what the value is; whatever else stands there is left to others.
/// </summary>
/// <typeparam name="T">How the engine holds a value.</typeparam>
internal unsafe interface IJsonParser<T>
    where T : unmanaged
{
    /// <summary>Reads a value; answers where it ends, or null.</summary>
    byte* Read(byte* at, out T value);
}

/// <summary>Whole numbers of at most 18 digits within the type's range: no point, no exponent, no zeros in front.</summary>
internal readonly unsafe struct JsonInteger<T> : IJsonParser<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private const int MostDigits = 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Read(byte* at, out T value)
    {
        value = default;
        var isNegative = *at == (byte)'-';
        var first = isNegative ? at + 1 : at;
        ulong digits = 0;
        at = DigitRun.Read(first, ref digits);
        if (at - first is < 1 or > MostDigits || (*first == (byte)'0' && at - first > 1)
            || *at is (byte)'.' or (byte)'e' or (byte)'E')
        {
            return null;
        }

        var number = isNegative ? -(long)digits : (long)digits;
        value = T.CreateTruncating(number);
        return (number >= 0 || T.IsNegative(T.MinValue)) && long.CreateTruncating(value) == number ? at : null;
    }
}

/// <summary>
/// DOUBLE: numbers, as the nearest double. One too large, or one that is not zero and would become zero, is left to others.
/// </summary>
internal readonly unsafe struct JsonDouble : IJsonParser<double>
{
    // Both of these and their quotient are exact, so that it is rounded once.
    private const ulong MostExact = 1UL << 53;
    private const int MostDigits = 19;
    private static ReadOnlySpan<double> Powers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    public byte* Read(byte* at, out double value)
    {
        var start = at;
        var isNegative = *at == (byte)'-';
        at += isNegative ? 1 : 0;
        ulong mantissa = 0;
        var first = at;
        at = DigitRun.Read(at, ref mantissa);
        var digits = at - first;
        value = 0;
        if (digits < 1 || (*first == (byte)'0' && digits > 1))
        {
            return null;
        }

        long fraction = 0;
        if (*at == (byte)'.')
        {
            first = at + 1;
            at = DigitRun.Read(first, ref mantissa);
            fraction = at - first;
            if (fraction < 1)
            {
                return null;
            }
        }

        if (*at is (byte)'e' or (byte)'E' || digits + fraction > MostDigits || mantissa > MostExact)
        {
            return ReadLong(start, at, out value);
        }

        value = mantissa / Powers[(int)fraction];
        // The engine reads -0 as a whole number, which has no such zero.
        value = isNegative && (mantissa != 0 || fraction > 0) ? -value : value;
        return at;
    }

    private static byte* ReadLong(byte* start, byte* at, out double value)
    {
        if (*at is (byte)'e' or (byte)'E')
        {
            at++;
            at += *at is (byte)'+' or (byte)'-' ? 1 : 0;
            if ((uint)(*at - (byte)'0') > 9)
            {
                value = 0;
                return null;
            }

            ulong exponent = 0;
            at = DigitRun.Read(at, ref exponent);
        }

        var text = new ReadOnlySpan<byte>(start, (int)(at - start));
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && double.IsFinite(value) && value != 0
            ? at : null;
    }
}

/// <summary>FLOAT: numbers, by way of the nearest double, as the engine reads them.</summary>
internal readonly unsafe struct JsonFloat : IJsonParser<float>
{
    public byte* Read(byte* at, out float value)
    {
        at = default(JsonDouble).Read(at, out var number);
        value = (float)number;
        return float.IsFinite(value) ? at : null;
    }
}

/// <summary>DECIMAL of at most 18 digits: numbers without an exponent that fit.</summary>
internal readonly unsafe struct JsonDecimal<T>(DecimalParser<T> parser) : IJsonParser<T>
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly DecimalParser<T> _parser = parser;

    public byte* Read(byte* at, out T value)
    {
        value = default;
        var end = default(JsonDouble).Read(at, out _);
        if (end is null || new ReadOnlySpan<byte>(at, (int)(end - at)).IndexOfAny((byte)'e', (byte)'E') >= 0)
        {
            return null;
        }

        var parser = _parser;
        return parser.TryParse(at, end, out value) ? end : null;
    }
}

/// <summary>BOOLEAN: <c>true</c> and <c>false</c>.</summary>
internal readonly unsafe struct JsonBoolean : IJsonParser<byte>
{
    private const uint True = 0x6575_7274;
    private const uint Alse = 0x6573_6C61;

    public byte* Read(byte* at, out byte value)
    {
        value = 1;
        if (Unsafe.ReadUnaligned<uint>(at) == True)
        {
            return at + 4;
        }

        value = 0;
        return *at == (byte)'f' && Unsafe.ReadUnaligned<uint>(at + 1) == Alse ? at + 5 : null;
    }
}

/// <summary>
/// Dates, times and UUIDs: texts without escapes that another parser takes, of the length that such a text usually has.
/// </summary>
/// <typeparam name="T">How the engine holds a value.</typeparam>
/// <typeparam name="TParser">Reads the text.</typeparam>
/// <param name="parser">Reads the text.</param>
/// <param name="least">Fewest bytes of it.</param>
/// <param name="most">Most bytes of it.</param>
/// <param name="hasOffset">
/// Whether a time may be ahead of UTC or behind it: what that means for a type without a zone is the engine's to say.
/// </param>
internal readonly unsafe struct JsonQuoted<T, TParser>(TParser parser, int least, int most, bool hasOffset = false)
    : IJsonParser<T>
    where T : unmanaged
    where TParser : struct, IFieldParser<T>
{
    // A quote, a date and what parts it from the time.
    private const int DateBytes = 12;

    private readonly TParser _parser = parser;

    public byte* Read(byte* at, out T value)
    {
        value = default;
        if (*at != (byte)'"')
        {
            return null;
        }

        var end = JsonTokens.FindQuote(at + 1);
        if (end is null || end - at - 1 < least || end - at - 1 > most || !char.IsAsciiHexDigit((char)at[1]))
        {
            return null;
        }

        if (!hasOffset && end - at > DateBytes && typeof(TParser) == typeof(TimestampParser)
            && new ReadOnlySpan<byte>(at + DateBytes, (int)(end - at) - DateBytes).IndexOfAny((byte)'+', (byte)'-') >= 0)
        {
            return null;
        }

        var parser = _parser;
        return parser.TryParse(at + 1, end, out value) ? end + 1 : null;
    }
}
