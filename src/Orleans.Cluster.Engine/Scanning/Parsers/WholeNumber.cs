using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Whole numbers: a sign or none, then digits, with leading zeros or without. Nothing else: <c>12.0</c>, <c>1e3</c>, <c>1_000</c>
/// and <c>0x10</c> are none, as reading them as whole numbers would be a guess or a loss.
/// </summary>
internal static unsafe class WholeNumber
{
    private const int MostDigits = 19;

    /// <summary>Reads a number whose magnitude is below 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParse(byte* start, byte* end, out ulong magnitude, out bool isNegative)
    {
        isNegative = false;
        magnitude = 0;
        if (start < end && *start is (byte)'-' or (byte)'+')
        {
            isNegative = *start == (byte)'-';
            start++;
        }

        if (end - start is >= 1 and <= DigitRun.Most)
        {
            var length = (int)(end - start);
            var isNumber = DigitRun.Count(start, out var word) >= length;
            magnitude = isNumber ? DigitRun.Value(word, length) : 0;
            return isNumber;
        }

        if (end - start is < 1 or > MostDigits)
        {
            return end > start && TryParseLong(start, end, out magnitude);
        }

        ulong value = 0;
        do
        {
            var digit = (uint)(*start - (byte)'0');
            if (digit > 9)
            {
                return false;
            }

            value = (value * 10) + digit;
        }
        while (++start < end);

        magnitude = value;
        return true;
    }

    /// <summary>Reads a number whose magnitude is below 2^128.</summary>
    public static bool TryParse(byte* start, byte* end, out UInt128 magnitude, out bool isNegative)
    {
        isNegative = false;
        magnitude = 0;
        if (start < end && *start is (byte)'-' or (byte)'+')
        {
            isNegative = *start == (byte)'-';
            start++;
        }

        if (start == end)
        {
            return false;
        }

        for (; start < end; start++)
        {
            var digit = (uint)(*start - (byte)'0');
            if (digit > 9 || magnitude > (UInt128.MaxValue - digit) / 10)
            {
                return false;
            }

            magnitude = (magnitude * 10) + digit;
        }

        return true;
    }

    private static bool TryParseLong(byte* start, byte* end, out ulong magnitude)
    {
        var fits = TryParse(start, end, out UInt128 wide, out _) && *start is not ((byte)'-' or (byte)'+')
            && wide <= ulong.MaxValue;
        magnitude = fits ? (ulong)wide : 0;
        return fits;
    }
}
