using System.Globalization;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>Generated conditions over the columns of <see cref="PruningTables"/>.</summary>
internal static class PruningCondition
{
    private static readonly string[] Words =
        ["''", "'B'", "'Bb'", "'a'", "'abc'", "'abcdefghij'", "'abcdefghil'", "'zz'", "'\u00e9'", "'\u00e8'", "'\\'", "'\ufffd'",
            "'\ud834\udd1e'", "'a\\xE9'"];

    public static string Of(Random random, int depth = 2) => random.Next(depth > 0 ? 8 : 6) switch
    {
        0 or 1 => Comparison(random),
        2 => $"{Column(random, out var constant)} {Pick(random, "IN", "IN", "NOT IN")} ({constant()}, {constant()}, "
            + $"{constant()})",
        3 => $"{Column(random, out var constant)} {Pick(random, "BETWEEN", "BETWEEN", "NOT BETWEEN")} {constant()} AND "
            + $"{constant()}",
        4 => $"{Column(random, out _)} {Pick(random, "IS NULL", "IS NOT NULL")}",
        5 => Odd(random),
        6 => $"({Of(random, depth - 1)} {Pick(random, "AND", "AND", "OR")} {Of(random, depth - 1)})",
        _ => random.Next(3) == 0 ? $"NOT ({Of(random, depth - 1)})" : Comparison(random),
    };

    private static string Comparison(Random random)
    {
        var (column, comparison) = (Column(random, out var constant), Pick(random, "=", "<>", "<", "<=", ">", ">="));
        return random.Next(4) == 0 ? $"{constant()} {comparison} {column}" : $"{column} {comparison} {constant()}";
    }

    // What is not surely safe, and must read everything or be as right as if it had.
    private static string Odd(Random random) => Pick(
        random, "i + 0 = 5", "-i < -50", "CAST(i AS VARCHAR) < '3'", "CAST(d AS BIGINT) = 2", "t LIKE 'a%'", "upper(t) = 'B'",
        "d = CAST('nan' AS DOUBLE)",
        "d >= CAST('nan' AS DOUBLE)", "d <> d", "f > d", "i IS DISTINCT FROM 5", "i IS NOT DISTINCT FROM NULL", "t || '' = 'a'",
        "day + 1 < DATE '2024-02-01'",
        "CAST(ts AS DATE) = '2024-03-31'", "ts AT TIME ZONE 'Europe/Berlin' < '2024-03-31 03:00:00+00'", "t COLLATE NOCASE = 'b'",
        "coalesce(i, 5) = 5",
        "i = ANY (SELECT 5)", "CAST(tz AS VARCHAR) < '2024-04'", "d BETWEEN -1 AND CAST('nan' AS DOUBLE)",
        "TRY_CAST(t AS INTEGER) IS NULL");

    private static string Column(Random random, out Func<string> constant)
    {
        var column = Pick(random, "i", "i", "n", "d", "d", "f", "m", "w", "t", "t", "day", "ts", "tz");
        constant = column switch
        {
            "i" or "n" => () => random.Next(8) == 0
                ? Pick(random, "NULL", "9223372036854775808", "'99999999999999999999'", "1e30", "'x'", "1e-3")
                : Whole(random, column == "i" ? 120 : 1200),
            "d" or "f" => () => random.Next(5) == 0
                ? Pick(random, "NULL", "0.0", "-0.0", "1e300", "-1e300", "0", "'0'")
                : Fraction(random, 8, 4),
            "m" => () => random.Next(6) == 0
                ? Pick(random, "NULL", "123456789012.5", "'3'", "1e1", "0.005")
                : Fraction(random, 12, 100),
            "w" => () => random.Next(6) == 0
                ? Pick(random, "NULL", "0", "1e20", "'0.5'")
                : $"{random.Next(-6, 7)}00000000000000000000.{random.Next(10)}",
            "t" => () => random.Next(10) == 0 ? "NULL" : Pick(random, Words),
            "day" => () => Day(random, Pick(random, "DATE '{0}'", "'{0}'", "TIMESTAMP '{0} 12:00:00'", "NULL")),
            "ts" => () =>
                Moment(random, Pick(random, "TIMESTAMP '{0}'", "'{0}'", "CAST('{0}' AS DATE)", "TIMESTAMPTZ '{0}+02'", "NULL")),
            _ => () => Moment(
                random, Pick(random, "TIMESTAMPTZ '{0}+02'", "'{0}'", "'{0}+05:30'", "TIMESTAMP '{0}'", "CAST('{0}' AS DATE)")),
        };
        return random.Next(6) == 0 ? $"source.{column}" : column;
    }

    private static string Whole(Random random, int most)
    {
        var number = random.Next(-most / 4, most).ToString(CultureInfo.InvariantCulture);
        return Pick(random, number, number, number, $"{number}.0", $"{number}.5", $"'{number}'");
    }

    private static string Fraction(Random random, int most, int parts) =>
        (random.Next(-most * parts, most * parts) / (decimal)parts).ToString(CultureInfo.InvariantCulture);

    private static string Day(Random random, string form) =>
        string.Format(
            CultureInfo.InvariantCulture, form,
            new DateOnly(2023, 12, 20).AddDays(random.Next(270)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static string Moment(Random random, string form) => string.Format(
        CultureInfo.InvariantCulture, form,
        new DateTime(2024, 3, 30, 18, 0, 0).AddMinutes(30 * random.Next(150))
        .ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));

    private static string Pick(Random random, params string[] choices) => choices[random.Next(choices.Length)];
}
