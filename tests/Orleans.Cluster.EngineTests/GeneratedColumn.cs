using System.Globalization;

namespace Orleans.Cluster.EngineTests;

/// <summary>A column of a random type, nested up to three levels, and random values of it as SQL.</summary>
internal sealed class GeneratedColumn(string name, Random random)
{
    private static readonly string[] Scalars =
    [
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "DOUBLE", "FLOAT", "DECIMAL(18,3)", "DECIMAL(38,0)",
        "VARCHAR", "BLOB", "DATE",
        "TIME", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ", "UUID",
    ];

    private static readonly string[] Texts = ["", " ", "NULL", "null", "a,b", "\"", "it''s", "tab\tline\nend", "\\", "{}", "é😀",
        "NaN", "0", "__HIVE_DEFAULT_PARTITION__", "%20", "a/b"];

    private readonly Func<Random, string> value = Make(random, name == "c0" ? 3 : 0, out _);

    public string Name => name;

    /// <summary>A value, NULL one time of six.</summary>
    public string Value(Random draw) => value(draw);

    private static Func<Random, string> Make(Random random, int depth, out string type)
    {
        var kind = depth >= 3 ? 0 : random.Next(6);
        switch (kind)
        {
            case 1:
                var element = Make(random, depth + 1, out var elementType);
                type = $"{elementType}[]";
                var list = type;
                return draw =>
                    Nullable(draw, list,
                        () => $"[{string.Join(", ", Enumerable.Range(0, draw.Next(4)).Select(_ => element(draw)))}]");
            case 2:
                var (first, second) = (Make(random, depth + 1, out var firstType), Make(random, depth + 1, out var secondType));
                type = $"STRUCT(\"a b\" {firstType}, \"q\"\"/~é\" {secondType})";
                var fields = type;
                return draw => Nullable(draw, fields, () => $"{{'a b': {first(draw)}, 'q\"/~é': {second(draw)}}}");
            case 3:
                var item = Make(random, depth + 1, out var valueType);
                var keyType = new[] { "VARCHAR", "INTEGER", "DATE", "BLOB" }[random.Next(4)];
                type = $"MAP({keyType}, {valueType})";
                var map = type;
                return draw =>
                    Nullable(draw, map, () => draw.Next(3) == 0
                        ? "MAP {}"
                        : $"MAP {{CAST({Scalar(draw, keyType)} AS {keyType}): {item(draw)}}}");
            default:
                type = Scalars[random.Next(Scalars.Length)];
                var scalar = type;
                return draw => Nullable(draw, scalar, () => Scalar(draw, scalar));
        }
    }

    private static string Nullable(Random draw, string type, Func<string> value) =>
        draw.Next(6) == 0 ? $"CAST(NULL AS {type})" : $"CAST({value()} AS {type})";

    private static string Scalar(Random draw, string type) => type switch
    {
        "BOOLEAN" => draw.Next(2) == 0 ? "true" : "false",
        "TINYINT" => $"{draw.Next(-128, 128)}",
        "SMALLINT" => $"{draw.Next(-32768, 32768)}",
        "INTEGER" => $"{draw.Next()}",
        "BIGINT" => $"{draw.NextInt64(long.MinValue + 1, long.MaxValue)}",
        "UBIGINT" => $"{(ulong)draw.NextInt64() + (ulong)draw.NextInt64()}",
        "DOUBLE" => Pick(
            draw, "'NaN'", "'inf'", "'-inf'", "-0.0", "1e-310", draw.NextDouble().ToString("R", CultureInfo.InvariantCulture)),
        "FLOAT" => Pick(draw, "'NaN'", "'-inf'", "0.1", "3.4e38", draw.NextSingle().ToString("R", CultureInfo.InvariantCulture)),
        "DECIMAL(18,3)" => $"{draw.NextInt64(-999_999_999_999_999, 999_999_999_999_999) / 1000m}".Replace(',', '.'),
        "DECIMAL(38,0)" => Pick(draw, "9007199254740992", "-9007199254740993", "'99999999999999999999999999999999999999'", "7"),
        "VARCHAR" => $"'{Texts[draw.Next(Texts.Length)]}'",
        "BLOB" => $"'\\x{draw.Next(256):X2}\\x00,'",
        "DATE" => Pick(draw, "'2020-02-29'", "'0001-01-01'", "'infinity'", "'9999-12-31'"),
        "TIME" => Pick(draw, "'00:00:00'", "'23:59:59.999999'"),
        "TIMESTAMP" or "TIMESTAMPTZ" =>
            Pick(draw, "'2020-02-29 01:02:03.123456'", "'1969-12-31 23:59:59.999999'", "'-infinity'", "'0001-01-01 00:00:00'"),
        "TIMESTAMP_NS" => Pick(draw, "'2020-02-29 01:02:03.123456789'", "'1700-01-01 00:00:00.000000001'"),
        "UUID" => $"'{new Guid(draw.Next(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}'",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static string Pick(Random draw, params string[] values) => values[draw.Next(values.Length)];
}
