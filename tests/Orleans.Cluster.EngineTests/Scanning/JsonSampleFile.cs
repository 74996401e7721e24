using System.Globalization;
using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// A file of JSON records made from a seed: columns of many types, values in all their spellings, and now and then what is wrong
/// or odd.
/// </summary>
internal sealed class JsonSampleFile
{
    private static readonly string[] Types =
    [
        "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIME", "UUID", "INTEGER", "UTINYINT", "HUGEINT", "FLOAT",
        "DECIMAL(12,3)", "DECIMAL(30,6)",
        "JSON", "STRUCT(a BIGINT, b VARCHAR)", "BIGINT[]", "STRUCT(x DOUBLE, l STRUCT(k VARCHAR)[])[]", "MAP(VARCHAR, BIGINT)",
        "TIMESTAMP WITH TIME ZONE",
    ];

    private readonly Random random;
    private readonly StringBuilder text = new();
    private readonly int oddIn;

    /// <param name="seed">Makes the file.</param>
    public JsonSampleFile(int seed)
    {
        random = new Random(seed);
        oddIn = random.Next(3) == 0 ? 300 : int.MaxValue;
        Columns = [.. Enumerable.Range(0, random.Next(1, 12))
            .Select(i => new ColumnSchema(Pick("k", "a longer key ", "é", "V") + i, Pick(Types)))];
        Layout = new JsonLayout
        {
            UnknownKeys = Pick(UnknownKeys.Conflict, UnknownKeys.BadRow, UnknownKeys.Ignore),
            Renamed = random.Next(4) == 0 ? [new JsonKey("other", Columns[0].Name, [])] : [],
        };
        var end = Pick("\n", "\n", "\r\n");
        var records = random.Next(0, 40);
        for (var i = 0; i < records; i++)
        {
            text.Append(Space());
            WriteRecord();
            text.Append(Space()).Append(i == records - 1 && random.Next(2) == 0 ? "" : end);
            text.Append(random.Next(12) == 0 ? Space() + end : "");
        }
    }

    /// <summary>Whether it may hold what a scan leaves to the engine's reader.</summary>
    public bool MayBeOdd { get; private set; }

    public IReadOnlyList<ColumnSchema> Columns { get; }

    public JsonLayout Layout { get; }

    public byte[] Bytes() => Encoding.UTF8.GetBytes(text.ToString());

    public override string ToString() => $"{string.Join(", ", Columns.Select(column => $"{column.Name} {column.Type}"))}\n{text}";

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private bool IsOdd()
    {
        var isOdd = oddIn < int.MaxValue && random.Next(oddIn) == 0;
        MayBeOdd |= isOdd;
        return isOdd;
    }

    private string Space() => random.Next(6) == 0 ? Pick(" ", "\t", "  ") : "";

    private void WriteRecord()
    {
        var pairs = new List<string>();
        for (var i = 0; i < Columns.Count; i++)
        {
            if (random.Next(10) > 0)
            {
                var key = i == 0 && Layout.Renamed.Count > 0 ? "other" : Columns[i].Name;
                pairs.Add($"{Space()}\"{key}\"{Space()}:{Space()}{Value(Columns[i].Type)}{Space()}");
            }
        }

        if (random.Next(8) == 0)
        {
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pairs));
        }

        if (Layout.UnknownKeys == UnknownKeys.Ignore && random.Next(5) == 0)
        {
            pairs.Insert(random.Next(pairs.Count + 1), $"\"unknown\":{Pick("1", "null", "\"x\"", "{\"k\":[1,{}]}", "[]")}");
        }

        if (IsOdd())
        {
            pairs.Add(Pick("\"k0\":1", "\"nobody\":2", "", "\"k0\":", "\"\\u006b0\":1", "7"));
        }

        text.Append('{').AppendJoin(',', pairs).Append('}').Append(IsOdd() ? Pick(" 7", "}", ",", "\r") : "");
    }

    private string Value(string type)
    {
        if (random.Next(12) == 0)
        {
            return "null";
        }

        if (IsOdd())
        {
            return Pick("\"12\"", "1e400", "01", "-", "\"\\u0000\"", "\"\\ud800\"", "{}", "[1]", "true", "1.5", "-0",
                "123456789012345678901234567890", "\"x", "nul", "+1", "1.", "\"NaN\"");
        }

        return type switch
        {
            "VARCHAR" => Text(),
            "BIGINT" => Pick("0", "-1", "7", "123456789012345678", "-123456789012345678", $"{random.Next()}"),
            "INTEGER" => $"{random.Next(int.MinValue, int.MaxValue)}",
            "UTINYINT" => $"{random.Next(256)}",
            "HUGEINT" => $"{random.NextInt64(-99_999_999_999_999_999, 99_999_999_999_999_999)}",
            "DOUBLE" => Number(),
            "FLOAT" => Pick(
                "1.5", "0.1", "-3", "16777217", "3.4e38", "1e-40",
                $"{random.NextSingle().ToString("R", CultureInfo.InvariantCulture)}"),
            "BOOLEAN" => Pick("true", "false"),
            "DATE" => $"\"{Date()}\"",
            "TIMESTAMP" => $"\"{Date()}{Pick(" ", "T")}{Time()}{Pick("", "", "Z", Offset())}\"",
            "TIMESTAMP WITH TIME ZONE" => $"\"{Date()}{Pick(" ", "T")}{Time()}{Pick("", "Z", "+02", "-03:30")}\"",
            "TIME" => $"\"{Time()}\"",
            "UUID" => $"\"{new Guid(Bytes16())}\"",
            "DECIMAL(12,3)" => Pick("1", "-1.5", "0.001", "123456789.125", "1.5000", "-0.0"),
            "DECIMAL(30,6)" => Pick("1", "-1.5", "0.000001", "12345678901234567890.123456"),
            "JSON" => Pick("1", "\"x\"", "{\"a\":[1, 2.50,null]}", "[]", "true", "1.0", "{\"k\": \"\\u00e9\"}"),
            "BIGINT[]" => Pick("[]", "[1]", "[1, null,2]"),
            "MAP(VARCHAR, BIGINT)" => Pick("{}", "{\"a\":1}", "{ \"a\" : 1,\"b\":null}"),
            "STRUCT(a BIGINT, b VARCHAR)" => Pick("{}", "{\"a\":1}", "{\"b\":\"x\",\"a\":null}", "{\"b\":\"a \\\" quote\"}"),
            _ => Pick("[]", "[{\"x\":1.5,\"l\":[{\"k\":\"v\"},{}]}]", "[null,{\"l\":[]}]"),
        };
    }

    private string Number() => Pick(
        "0", "0.0", "-0.0", "1.5", "-2.25", "1e10", "1E-5", "0.1", "123456789.123456789", "9007199254740993",
        "1.7976931348623157e308", "5e-324", "12345678901234567890.5",
        random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
        (random.NextDouble() * 1e6).ToString("0.######", CultureInfo.InvariantCulture));

    private string Text()
    {
        var length = random.Next(10) == 0 ? random.Next(80) : random.Next(16);
        var made = new StringBuilder("\"");
        for (var i = 0; i < length; i++)
        {
            made.Append(random.Next(12) == 0
                ? Pick("\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "é", "漢", "\\t")
                : Pick("a", "b", " ", "{", "}", ",", ":", "[", "1"));
        }

        return made.Append('"').ToString();
    }

    // What it means for a type without a zone is left to the engine.
    private string Offset()
    {
        var isOdd = IsOdd();
        return isOdd ? "+02:00" : "";
    }

    private string Date() => $"{random.Next(1, 2200):0000}-{random.Next(1, 13):00}-{random.Next(1, 29):00}";

    private string Time() =>
        $"{random.Next(24):00}:{random.Next(60):00}:{random.Next(60):00}{Pick("", "", ".5", ".123456", ".1000000")}";

    private byte[] Bytes16()
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return bytes;
    }
}
