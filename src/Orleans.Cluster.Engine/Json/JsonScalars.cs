using System.Buffers.Text;

namespace Orleans.Cluster.Engine.Json;

/// <summary>Numbers and times that would lose something in their column's type.</summary>
internal static class JsonScalars
{
    /// <summary>What a number or text would lose; null for nothing.</summary>
    public static string? Loss(ReadOnlySpan<byte> text, JsonShape value) => value.Kind switch
    {
        JsonShapeKind.Integer
            when text.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0 => "A whole number is written in digits alone.",
        JsonShapeKind.Decimal when Fraction(text) > value.Digits => $"The column keeps {value.Digits} digits behind the point.",
        JsonShapeKind.Floating when IsBeyond(text) => "The number is beyond what a double can hold.",
        JsonShapeKind.Date when text.Length > 10
            && text[10..].ContainsAnyInRange((byte)'1', (byte)'9') => "A DATE would lose the time.",
        JsonShapeKind.Time when SecondDigits(text) > value.Digits => $"The column keeps {value.Digits} digits of a second.",
        _ => null,
    };

    /// <summary>Digits that tell a double from all others.</summary>
    public const int DoubleDigits = 17;

    /// <summary>Whether a number with a point or an exponent has digits that a double does not keep.</summary>
    public static bool IsBeyondDouble(ReadOnlySpan<byte> number)
    {
        if (number.Length <= DoubleDigits || number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0)
        {
            return false;
        }

        var e = number.IndexOfAny((byte)'e', (byte)'E');
        var digits = (e < 0 ? number : number[..e]).TrimStart("-0."u8);
        var hasPoint = number.Contains((byte)'.');
        digits = hasPoint ? digits.TrimEnd((byte)'0') : digits;
        return digits.Length - digits.Count((byte)'.') > DoubleDigits;
    }

    // Digits behind the point that are no trailing zeros, the exponent applied.
    private static long Fraction(ReadOnlySpan<byte> text)
    {
        var e = text.IndexOfAny((byte)'e', (byte)'E');
        long exponent = 0;
        if (e >= 0)
        {
            var digits = text[(e + 1)..].TrimStart((byte)'+');
            if (!Utf8Parser.TryParse(digits, out int parsed, out var used) || used != digits.Length)
            {
                return text.ContainsAnyInRange((byte)'1', (byte)'9') ? long.MaxValue : 0;
            }

            exponent = parsed;
            text = text[..e];
        }

        var point = text.IndexOf((byte)'.');
        var significant = text.TrimEnd((byte)'0');
        return point >= 0
            ? Math.Max(0, Math.Max(0, significant.Length - point - 1) - exponent)
            : Math.Max(0, -exponent - (text.Length - significant.Length));
    }

    private static bool IsBeyond(ReadOnlySpan<byte> text)
    {
        if (text.Length < 300 && text.IndexOfAny((byte)'e', (byte)'E') < 0)
        {
            return false;
        }

        if (!Utf8Parser.TryParse(text, out double value, out var used) || used != text.Length)
        {
            return false; // No number: the words for infinity, or what the engine refuses.
        }

        var e = text.IndexOfAny((byte)'e', (byte)'E');
        return double.IsInfinity(value) || (value == 0 && (e < 0 ? text : text[..e]).ContainsAnyInRange((byte)'1', (byte)'9'));
    }

    private static int SecondDigits(ReadOnlySpan<byte> text)
    {
        var point = text.IndexOf((byte)'.');
        if (point < 0)
        {
            return 0;
        }

        var digits = text[(point + 1)..];
        var end = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return (end < 0 ? digits : digits[..end]).TrimEnd((byte)'0').Length;
    }
}
