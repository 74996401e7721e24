using System.Numerics;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// DECIMAL(p, s): a decimal number with an exponent or without. Digits behind the scale must be zeros, and those before it no
/// more than fit: nothing is rounded.
/// </summary>
/// <typeparam name="T">16, 32, 64 or 128 bits, as the precision asks for.</typeparam>
internal readonly unsafe struct DecimalParser<T>(int precision, int scale, byte point) : IFieldParser<T>
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly UInt128 _limit = Power(precision);

    public bool TryParse(byte* start, byte* end, out T value)
    {
        value = default;
        if (!DecimalText.TryRead(start, end, point, out var text))
        {
            return false;
        }

        // Digits that are kept: up to the one that counts 10^-scale.
        var shift = text.Exponent + scale;
        UInt128 magnitude;
        if (text.Digits <= 19 && shift is >= 0 and <= 19)
        {
            magnitude = (UInt128)text.Mantissa * Power(shift);
        }
        else if (!TryReadLong(text, shift, out magnitude))
        {
            return false;
        }

        if (magnitude >= _limit)
        {
            return false;
        }

        value = T.CreateTruncating(text.IsNegative ? UInt128.Zero - magnitude : magnitude);
        return true;
    }

    private bool TryReadLong(DecimalText text, int shift, out UInt128 magnitude)
    {
        magnitude = 0;
        var left = text.Digits + shift;
        var seen = 0;
        for (var at = text.First; at < text.Behind; at++)
        {
            if (*at == point || (seen == 0 && *at == (byte)'0'))
            {
                continue;
            }

            seen++;
            var digit = (uint)(*at - (byte)'0');
            if (seen > left)
            {
                if (digit != 0)
                {
                    return false;
                }

                continue;
            }

            magnitude = (magnitude * 10) + digit;
            if (magnitude >= _limit)
            {
                return false;
            }
        }

        for (; shift > 0 && magnitude > 0; shift--)
        {
            magnitude *= 10;
            if (magnitude >= _limit)
            {
                return false;
            }
        }

        return true;
    }

    private static UInt128 Power(int exponent)
    {
        UInt128 power = 1;
        for (; exponent > 0; exponent--)
        {
            power *= 10;
        }

        return power;
    }
}
