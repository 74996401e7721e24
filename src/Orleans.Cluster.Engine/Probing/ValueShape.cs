using System.Globalization;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Which types one text may be a value of, by how it is spelled alone.</summary>
internal static class ValueShape
{
    // More digits than this may lose some in a DOUBLE.
    private const int ExactDigits = 15;
    private const int DateLength = 10;
    private const int MicrosecondDigits = 6;

    /// <summary>Types of a text.</summary>
    /// <param name="text">The field, unquoted.</param>
    /// <param name="point">Decimal separator.</param>
    public static ValueTypes Of(ReadOnlySpan<char> text, char point = '.')
    {
        if (text.IsEmpty)
        {
            return ValueTypes.None;
        }

        var first = text[0];
        if (char.IsAsciiDigit(first) || first is '+' or '-' || first == point)
        {
            var number = OfNumber(text, point);
            return number != ValueTypes.None || text.Length < DateLength ? number : OfTime(text);
        }

        return first switch
        {
            't' or 'T' or 'f' or 'F' => Is(text, "true") || Is(text, "false") ? ValueTypes.Boolean : ValueTypes.None,
            'n' or 'N' or 'i' or 'I' => IsNoFinite(text) ? ValueTypes.Double : ValueTypes.None,
            _ => ValueTypes.None,
        };
    }

    // 08123 is a code and no number, and 20 digits are more than a DOUBLE keeps: both stay as they are written.
    private static ValueTypes OfNumber(ReadOnlySpan<char> text, char point)
    {
        var position = text[0] is '+' or '-' ? 1 : 0;
        var unsigned = text[position..];
        var whole = Digits(unsigned);
        if (whole > 1 && unsigned[0] == '0')
        {
            return ValueTypes.None;
        }

        if (whole == unsigned.Length)
        {
            return whole > 0 ? OfWhole(text) : ValueTypes.None;
        }

        var rest = unsigned[whole..];
        if (rest[0] == point)
        {
            var fraction = Digits(rest[1..]);
            if (whole + fraction == 0)
            {
                return ValueTypes.None;
            }

            rest = rest[(1 + fraction)..];
        }
        else if (whole == 0)
        {
            return position == 1 && IsNoFinite(unsigned) ? ValueTypes.Double : ValueTypes.None;
        }

        if (rest.IsEmpty)
        {
            return ValueTypes.Double;
        }

        return rest[0] is 'e' or 'E' && IsExponent(rest[1..]) && IsInRange(text, point) ? ValueTypes.Double : ValueTypes.None;
    }

    private static ValueTypes OfWhole(ReadOnlySpan<char> text)
    {
        if (text.Length <= ExactDigits)
        {
            return ValueTypes.BigInt | ValueTypes.Double;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            return ValueTypes.None;
        }

        // Beyond 2^53 only some whole numbers are a DOUBLE; long.MaxValue becomes 2^63, which is no long.
        return (double)value is < 9.2e18 and > -9.2e18 && (long)(double)value == value
            ? ValueTypes.BigInt | ValueTypes.Double
            : ValueTypes.BigInt;
    }

    private static bool IsExponent(ReadOnlySpan<char> text)
    {
        var digits = text.IsEmpty || text[0] is not ('+' or '-') ? text : text[1..];
        return digits.Length > 0 && Digits(digits) == digits.Length;
    }

    // 1e400 would become infinity, and 1e-400 zero.
    private static bool IsInRange(ReadOnlySpan<char> text, char point)
    {
        var plain = point == '.' ? text.ToString() : text.ToString().Replace(point, '.');
        return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            && (value != 0 || plain.AsSpan(0, plain.IndexOfAny(['e', 'E'])).IndexOfAnyInRange('1', '9') < 0);
    }

    private static ValueTypes OfTime(ReadOnlySpan<char> text)
    {
        if (!IsDate(text[..DateLength]))
        {
            return ValueTypes.None;
        }

        return text.Length == DateLength ? ValueTypes.Date | ValueTypes.Timestamp
            : text[DateLength] is ' ' or 'T' && IsTimeOfDay(text[(DateLength + 1)..]) ? ValueTypes.Timestamp
            : ValueTypes.None;
    }

    private static bool IsDate(ReadOnlySpan<char> text)
    {
        if (text[4] != '-' || text[7] != '-' || Number(text[..4]) is not (> 0 and var year)
            || Number(text[5..7]) is not (>= 1 and <= 12 and var month))
        {
            return false;
        }

        return Number(text[8..10]) is >= 1 and var day && day <= DateTime.DaysInMonth(year, month);
    }

    // hh:mm, hh:mm:ss, or that with a fraction of at most six digits: more would be lost.
    private static bool IsTimeOfDay(ReadOnlySpan<char> text)
    {
        if (text.Length < 5 || text[2] != ':' || Number(text[..2]) is not (>= 0 and < 24)
            || Number(text[3..5]) is not (>= 0 and < 60))
        {
            return false;
        }

        text = text[5..];
        if (text.IsEmpty)
        {
            return true;
        }

        if (text.Length < 3 || text[0] != ':' || Number(text[1..3]) is not (>= 0 and < 60))
        {
            return false;
        }

        text = text[3..];
        return text.IsEmpty
            || (text[0] == '.' && text.Length is > 1 and <= 1 + MicrosecondDigits && Digits(text[1..]) == text.Length - 1);
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    private static int Number(ReadOnlySpan<char> digits) =>
        Digits(digits) == digits.Length ? int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : -1;

    private static bool IsNoFinite(ReadOnlySpan<char> text) => Is(text, "nan") || Is(text, "inf") || Is(text, "infinity");

    private static bool Is(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
