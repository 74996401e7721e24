using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.EngineTests.Scanning;

/// <summary>
/// The spellings of each type that delimited text may use. Whatever is in neither list of a type is not promised.
/// </summary>
public sealed class SpellingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-spelling-").FullName;
    private readonly ScanReader reader = new();

    public void Dispose()
    {
        reader.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("BIGINT",
        "7=7| 7=7|7 =7|+7=7|-7=-7|007=7|\"7\"=7|-0=0|9223372036854775807=9223372036854775807|"
            + "-9223372036854775808=-9223372036854775808|00000000000000000000001=1")]
    [InlineData("TINYINT", "-128=-128|127=127")]
    [InlineData("USMALLINT", "65535=65535|+0=0")]
    [InlineData("UBIGINT", "18446744073709551615=18446744073709551615")]
    [InlineData("HUGEINT",
        "170141183460469231731687303715884105727=170141183460469231731687303715884105727|"
            + "-170141183460469231731687303715884105728=-170141183460469231731687303715884105728")]
    [InlineData("DOUBLE",
        "1=1|1.=1|.5=0.5|-1.5E+3=-1500|1e-320=1E-320|nan=NaN|NaN=NaN|inf=Infinity|-Infinity=-Infinity|0e-400=0|"
            + "123456789012345678901234567890=1.2345678901234568E+29|0.1=0.1")]
    [InlineData("FLOAT", "0.1=0.1|16777217=16777216|3.4e38=3.4E+38")]
    [InlineData("DECIMAL(6,2)",
        "1=1.00|1.5=1.50|-9999.99=-9999.99|1.500=1.50|1e3=1000.00|12e-1=1.20|.5=0.50|0001.10=1.10|0e99=0.00")]
    [InlineData("DECIMAL(38,0)", "9999999999999999999999999999=9999999999999999999999999999|1.000=1")]
    [InlineData("BOOLEAN", "true=True|FALSE=False|t=True|F=False|yes=True|no=False|Y=True|n=False|1=True|0=False")]
    [InlineData("DATE",
        "2024-02-29=2024-02-29|2024/2/9=2024-02-09|0001-01-01=0001-01-01|2024-01-31 00:00:00=2024-01-31| 2024-01-31=2024-01-31")]
    [InlineData("TIMESTAMP",
        "2024-01-31=2024-01-31 00:00:00|2024-01-31 13:45=2024-01-31 13:45:00|2024-01-31T13:45:07.5=2024-01-31 "
            + "13:45:07.5|2024-01-31 00:30:00+02:00=2024-01-30 22:30:00|2024-01-31T13:45:00Z=2024-01-31 13:45:00|2024-01-31 "
            + "13:45:00.123456000=2024-01-31 13:45:00.123456")]
    [InlineData("TIMESTAMP_S", "2024-01-31 13:45:07.000=2024-01-31 13:45:07")]
    [InlineData("TIMESTAMP_MS", "2024-01-31 13:45:07.123=2024-01-31 13:45:07.123")]
    [InlineData("TIMESTAMP_NS", "2024-01-31 13:45:07.1234567=2024-01-31 13:45:07.1234567")]
    [InlineData("TIME", "13:45=13:45:00|1:05:07.25=01:05:07.25")]
    [InlineData("UUID",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8=6ba7b810-9dad-11d1-80b4-00c04fd430c8|"
            + "{6BA7B8109DAD11D180B400C04FD430C8}=6ba7b810-9dad-11d1-80b4-00c04fd430c8")]
    [InlineData("VARCHAR", " 7 = 7 |\"\"=|x\"y=x\"y| \"a\"\"b\" =a\"b")]
    public void Read_Spelling_IsTheValue(string type, string spellings)
    {
        var pairs = spellings.Split('|').Select(pair => pair.Split('=')).ToList();

        var (rows, bad) = Read(type, pairs.Select(pair => pair[0]));

        Assert.Empty(bad);
        Assert.Equal(pairs.Select(pair => $"«{pair[1]}»"), rows);
    }

    [Theory]
    [InlineData("BIGINT",
        "12.53|12.0|12.|1e3|1_000|1,000|0x10|9223372036854775808|-9223372036854775809|99999999999999999999999|+|-|x|7x|1 "
            + "000|--7|\"\"|nan")]
    [InlineData("TINYINT", "128|-129|1.5")]
    [InlineData("USMALLINT", "65536|-1")]
    [InlineData("UBIGINT", "18446744073709551616|-1")]
    [InlineData("HUGEINT", "170141183460469231731687303715884105728|1e3")]
    [InlineData("DOUBLE", "1e400|-1e400|1e-400|1_000|0x10|1e|e3|.|x|1.5x|1.5.5|1,5|infinit")]
    [InlineData("FLOAT", "1e39|1e-60|1_0")]
    [InlineData("DECIMAL(6,2)", "1.005|10000|1e4|1e-3|x|nan|1_0")]
    [InlineData("DECIMAL(38,0)", "0.5|100000000000000000000000000000000000000")]
    [InlineData("BOOLEAN", "2|on|off|tru|10")]
    [InlineData("DATE", "2023-02-29|2024-01-31 10:00:00|2024-13-01|31-01-2024|20240131|2024-01|2024-01/31|x")]
    [InlineData("TIMESTAMP",
        "2024-01-31 13:45:00.1234567|2024-01-31 25:00:00|2024-01-31 13:60:00|2024-01-31 13|2024-01-31x|2024-01-31 13:45:00 "
            + "Mars/Olympus|x")]
    [InlineData("TIMESTAMP_S", "2024-01-31 13:45:07.5")]
    [InlineData("TIMESTAMP_MS", "2024-01-31 13:45:07.1234")]
    [InlineData("TIMESTAMP_NS", "2024-01-31 13:45:07.1234567891")]
    [InlineData("TIME", "25:00|13|13:45:00.1234567|13:45 PM")]
    [InlineData("UUID", "6ba7b810|6ba7b810-9dad-11d1-80b4-00c04fd430cg")]
    public void Read_OtherSpelling_IsALocatedBadRow(string type, string spellings)
    {
        var texts = spellings.Split('|');

        var (rows, bad) = Read(type, texts);

        Assert.Empty(rows);
        Assert.Equal(texts.Index()
            .Select(item => (Line: item.Index + 1L, Column: (string?)"v", Value: (string?)item.Item.Trim('"'))),
            bad.Select(row => (row.Line, row.Column, row.Value)));
        Assert.All(bad, row => Assert.Equal(type, row.Expected));
    }

    [Fact]
    public void Read_LatinText_HasOffsetsOfItsFile()
    {
        var path = Path.Combine(folder, "latin.csv");
        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes("caf\u00e9;1\n\u00fc;x\n\u00e9\u00e9;2\nz;y\n"));

        var (rows, bad) = reader.Read(
            Scan(path, ";", "latin-1", new ColumnSchema("s", "VARCHAR"), new ColumnSchema("v", "BIGINT")));

        Assert.Equal(["«caf\u00e9» «1»", "«\u00e9\u00e9» «2»"], rows);
        Assert.Equal([(2, 7, "\u00fc;x"), (4, 16, "z;y")], bad.Select(row => (row.Line, row.Offset, row.Raw)));
    }

    private (List<string> Rows, List<BadRow> Bad) Read(string type, IEnumerable<string> fields)
    {
        var path = Path.Combine(folder, "fields.csv");
        File.WriteAllLines(path, fields);
        return reader.Read(Scan(path, ";", "utf-8", new ColumnSchema("v", type)));
    }

    private static ScanInput Scan(string path, string delimiter, string encoding, params ColumnSchema[] columns)
    {
        var file = new SourceFile { Stamp = new FileStamp(path, new FileInfo(path).Length, default), Encoding = encoding };
        return new ScanInput
        {
            Format = SourceFormat.Csv,
            Dialect = new TextDialect { Delimiter = delimiter, Quote = "\"", Escape = "\"", Header = false },
            Columns = columns,
            Slices = [new FileSlice { File = file, End = file.Stamp.Bytes }],
        };
    }
}
