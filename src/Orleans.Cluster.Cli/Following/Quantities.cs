using System.Globalization;

namespace Orleans.Cluster.Cli.Following;

/// <summary>
/// Figures as people read and write them. Sizes are shown in powers of 1024 (MiB), as in the console and in messages; those that
/// people write count in powers of 1000 unless written with an i.
/// </summary>
internal static class Quantities
{
    private static readonly (string Suffix, long Factor)[] Sizes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    public static string Count(double value) => Scaled(value, 1000, ["", " k", " M", " G"]);

    public static string Bytes(double value) => Scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"]);

    /// <summary>A number of things: <c>1 row</c>, <c>2 rows</c>.</summary>
    public static string Of(long count, string word) => $"{count} {word}{(count == 1 ? "" : "s")}";

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes} min"),
    };

    /// <summary>Bytes from <c>104857600</c>, <c>100MB</c> or <c>64MiB</c>.</summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        var (suffix, factor) = Sizes.FirstOrDefault(
            size => text.EndsWith(size.Suffix, StringComparison.OrdinalIgnoreCase), ("", 1));
        var digits = text[..^suffix.Length].TrimEnd();
        var valid = decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= long.MaxValue / factor;
        bytes = valid ? (long)(number * factor) : 0;
        return valid;
    }

    private static string Scaled(double value, int step, string[] units)
    {
        var unit = 0;
        while (Math.Abs(value) >= step - 0.5 && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }

        var format = unit == 0 ? "0" : Math.Abs(value) < 9.995 ? "0.00" : Math.Abs(value) < 99.95 ? "0.0" : "0";
        return value.ToString(format, CultureInfo.InvariantCulture) + units[unit];
    }
}
