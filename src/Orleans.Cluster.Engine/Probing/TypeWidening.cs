using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>One type that holds the values of two.</summary>
internal static partial class TypeWidening
{
    private const int MaxDecimalWidth = 38;

    // Bits of magnitude and whether there are negative values; the narrowest first.
    private static readonly (string Name, int Bits, bool IsSigned, int Digits)[] Integers =
    [
        ("TINYINT", 7, true, 3), ("UTINYINT", 8, false, 3), ("SMALLINT", 15, true, 5), ("USMALLINT", 16, false, 5),
        ("INTEGER", 31, true, 10),
        ("UINTEGER", 32, false, 10), ("BIGINT", 63, true, 19), ("UBIGINT", 64, false, 20), ("HUGEINT", 127, true, 39),
        ("UHUGEINT", 128, false, 39),
    ];

    /// <summary>The wider type, or null when none holds both without changing what a value means.</summary>
    public static string? Widen(string a, string b)
    {
        if (a == b)
        {
            return a;
        }

        var (i, j) = (Array.FindIndex(Integers, type => type.Name == a), Array.FindIndex(Integers, type => type.Name == b));
        if (i >= 0 && j >= 0)
        {
            return WidenIntegers(Integers[i], Integers[j]);
        }

        if (DecimalOf(a, i) is { } first && DecimalOf(b, j) is { } second)
        {
            var (scale, whole) = (Math.Max(first.Scale, second.Scale),
                Math.Max(first.Width - first.Scale, second.Width - second.Scale));
            return whole + scale <= MaxDecimalWidth ? $"DECIMAL({whole + scale},{scale})" : null;
        }

        return (Order(a, b), i >= 0 || j >= 0) switch
        {
            (("DOUBLE", "FLOAT"), _) => "DOUBLE",
            (("DATE", "TIMESTAMP"), _) => "TIMESTAMP",
            (("DATE", "TIMESTAMP_NS"), _) => "TIMESTAMP_NS",
            (var (first2, second2), true) when first2 is "DOUBLE" or "FLOAT" || second2 is "DOUBLE" or "FLOAT" => "DOUBLE",
            _ => null,
        };
    }

    private static string? WidenIntegers(
        (string Name, int Bits, bool IsSigned, int Digits) a, (string Name, int Bits, bool IsSigned, int Digits) b)
    {
        var bits = Math.Max(a.Bits, b.Bits);
        var isSigned = a.IsSigned || b.IsSigned;
        return Integers.Where(type => type.Bits >= bits && type.IsSigned == isSigned).Select(type => type.Name).FirstOrDefault();
    }

    // A whole number is a decimal without scale.
    private static (int Width, int Scale)? DecimalOf(string type, int integer)
    {
        if (integer >= 0)
        {
            return (Integers[integer].Digits, 0);
        }

        var match = Decimals().Match(type);
        return match.Success
            ? (int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
                int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture))
            : null;
    }

    private static (string First, string Second) Order(string a, string b) => string.CompareOrdinal(a, b) <= 0 ? (a, b) : (b, a);

    [GeneratedRegex(@"^DECIMAL\((\d+),(\d+)\)$")]
    private static partial Regex Decimals();
}
