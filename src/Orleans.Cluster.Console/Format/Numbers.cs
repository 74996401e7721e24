using System.Globalization;

namespace Orleans.Cluster.WebConsole.Format;

/// <summary>Numbers for people: three figures and a unit; the exact value is shown on hover.</summary>
internal static class Numbers
{
    private static readonly string[] Decimal = ["", " k", " M", " G", " T", " P"];
    private static readonly string[] Binary = [" B", " KiB", " MiB", " GiB", " TiB", " PiB"];

    /// <summary>17300000 as <c>17.3 M</c>; whole up to 9,999.</summary>
    public static string Count(double value) =>
        Math.Abs(value) < 10_000 && value == Math.Truncate(value)
        ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : Scale(value, 1000, Decimal);

    /// <summary>Bytes in binary units.</summary>
    public static string Bytes(double value) => Scale(value, 1024, Binary);

    /// <summary>The exact number.</summary>
    public static string Exact(double value, string unit) =>
        $"{value.ToString(value == Math.Truncate(value) ? "#,0" : "#,0.######", CultureInfo.InvariantCulture)} {unit}".TrimEnd();

    /// <summary>0.683 as <c>68.3 %</c>. Less than all never shows as all.</summary>
    public static string Share(double fraction) =>
        fraction is > 0.999 and < 1 ? "99.9 %" : (fraction * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>Seconds as <c>350 ms</c>, <c>12.4 s</c>, <c>3 min 5 s</c>, <c>2 h 10 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Duration(double seconds)
    {
        if (seconds < 0)
        {
            return "-" + Duration(-seconds);
        }

        var whole = (long)Math.Round(seconds);
        return seconds switch
        {
            0 => "0 s",
            < 0.0005 => "< 1 ms",
            < 0.9995 => $"{seconds * 1000:0} ms",
            < 59.95 => seconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
            _ when whole < 3600 => Pair(whole / 60, "min", whole % 60, "s"),
            _ when whole < 86_400 => Pair(whole / 3600, "h", whole % 3600 / 60, "min"),
            _ => Pair(whole / 86_400, "d", whole % 86_400 / 3600, "h"),
        };
    }

    /// <summary>
    /// A guess of seconds, no finer than it is worth: <c>12 s</c>, <c>3 min 10 s</c>, <c>49 min</c>, <c>1 h 14 min</c>.
    /// </summary>
    public static string Rough(double seconds) => seconds switch
    {
        < 1 => "1 s",
        < 60 => Duration(Math.Round(seconds)),
        < 600 => Duration(Math.Round(seconds / 10) * 10),
        _ => Duration(Math.Round(seconds / 60) * 60),
    };

    /// <summary><c>1 job</c>, <c>2 jobs</c>.</summary>
    public static string Of(long count, string singular, string? plural = null) =>
        $"{Count(count)} {(count == 1 ? singular : plural ?? singular + "s")}";

    private static string Pair(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";

    private static string Scale(double value, int step, string[] units)
    {
        var unit = 0;
        while (Math.Abs(value) >= step - (step / 2000.0) && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }

        var form = Math.Abs(value) >= 100 || (unit == 0 && value == Math.Truncate(value)) ? "0" : Math.Abs(value) >= 10 ? "0.#"
            : "0.##";
        return value.ToString(form, CultureInfo.InvariantCulture) + units[unit];
    }
}
