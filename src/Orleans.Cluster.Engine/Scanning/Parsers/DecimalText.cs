using System.Numerics;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>A decimal number as written: sign, digits, point, exponent. No spaces, no separators of thousands.</summary>
internal unsafe ref struct DecimalText
{
    private const int MostExponent = 100_000;
    private const int MostExactDigits = 19;

    /// <summary>Whether it begins with a minus.</summary>
    public bool IsNegative;

    /// <summary>
    /// Digits before and behind the point, leading zeros left out; those beyond the 19th are not in <see cref="Mantissa"/>.
    /// </summary>
    public int Digits;

    /// <summary>The first 19 digits as a number.</summary>
    public ulong Mantissa;

    /// <summary>Power of ten that the whole row of digits is multiplied with.</summary>
    public int Exponent;

    /// <summary>Where its digits begin and where they end, the point among them.</summary>
    public byte* First, Behind;

    /// <summary>
    /// Takes <c>[+-] digits [point digits] [e [+-] digits]</c>, with a digit on at least one side of the point.
    /// </summary>
    public static bool TryRead(byte* start, byte* end, byte point, out DecimalText text)
    {
        text = default;
        var at = start;
        if (at < end && *at is (byte)'-' or (byte)'+')
        {
            text.IsNegative = *at == (byte)'-';
            at++;
        }

        text.First = at;
        var any = text.ReadDigits(ref at, end);
        if (at < end && *at == point)
        {
            at++;
            var fraction = at;
            any |= text.ReadDigits(ref at, end);
            text.Exponent = -(int)Math.Min(at - fraction, MostExponent);
        }

        text.Behind = at;
        return any && (at == end || text.ReadExponent(at, end));
    }

    private bool ReadDigits(ref byte* at, byte* end)
    {
        var from = at;
        while (at < end && Digits <= MostExactDigits - DigitRun.Most)
        {
            var count = Math.Min(DigitRun.Count(at, out var word), (int)Math.Min(end - at, DigitRun.Most));
            if (count == 0)
            {
                return at > from;
            }

            Mantissa = DigitRun.Append(Mantissa, word, count);
            Digits += Digits > 0 ? count : Math.Max(0, count - (BitOperations.TrailingZeroCount(word) / 8));
            at += count;
        }

        for (; at < end; at++)
        {
            var digit = (uint)(*at - (byte)'0');
            if (digit > 9)
            {
                break;
            }

            if (Digits > 0 || digit > 0)
            {
                if (Digits < MostExactDigits)
                {
                    Mantissa = (Mantissa * 10) + digit;
                }

                Digits++;
            }
        }

        return at > from;
    }

    private bool ReadExponent(byte* at, byte* end)
    {
        if ((*at | 0x20) != 'e')
        {
            return false;
        }

        at++;
        var minus = at < end && *at == (byte)'-';
        if (minus || (at < end && *at == (byte)'+'))
        {
            at++;
        }

        if (at == end)
        {
            return false;
        }

        var exponent = 0;
        for (; at < end; at++)
        {
            var digit = *at - (byte)'0';
            if ((uint)digit > 9)
            {
                return false;
            }

            exponent = Math.Min((exponent * 10) + digit, MostExponent);
        }

        Exponent += minus ? -exponent : exponent;
        return true;
    }
}
