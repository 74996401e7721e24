using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// Files as they are found in the wild: the right rows, or an error that names the file and what is wrong; never a short result.
/// </summary>
public sealed class OddFileTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    public static TheoryData<int> Partitions => [1, 2, 5];

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_HashInsideAFieldOfTsv_IsText(int partitions) =>
        Assert.Equal(
            ["[1,\"x#y\"]", "[2,\"#z\"]", "[3,\"#\"]"],
            await Rows(harness.Write("a.tsv", "# comment\nn\ts\n1\tx#y\n2\t#z\n3\t#\n"), partitions));

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_HashAtTheStartOfARecord_IsARecord(int partitions) =>
        Assert.Equal(["[\"a\",1]", "[\"#b\",2]"], await Rows(harness.Write("a.tsv", "s\tn\na\t1\n#b\t2\n"), partitions));

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_QuoteInsideACommentLine_OpensNothing(int partitions) =>
        Assert.Equal(
            ["[1,\"a\"]", "[2,\"b\"]"], await Rows(harness.Write("a.csv", "# it's 5\" wide\n#\"\nn,s\n1,a\n2,b\n"), partitions));

    [Theory]
    [InlineData("n,s\n1,a\n2\n3,c\n", 3)]
    [InlineData("n,s\n1,a\n2,b,x\n3,c\n", 3)]
    [InlineData("n,s\n1,\"a\nb\"\n2\n3,c\n", 4)]
    [InlineData("n,s\r\n1,a\r\n2\r\n3,c\r\n", 3)]
    [InlineData("# x\n\nn,s\n1,a\n\n2\n3,c", 6)]
    public async Task Convert_RaggedRow_IsNamedOrSetAside(string text, int line)
    {
        var path = harness.Write("ragged.csv", text);
        foreach (var partitions in new[] { 1, 3 })
        {
            var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, partitions)));
            Assert.Equal(Contracts.ProblemCode.BadRow, refused.Code);
            Assert.Contains(
                $"{path}, line {line}, byte {text.IndexOf("\n2", StringComparison.Ordinal) + 1}", refused.Message,
                StringComparison.Ordinal);

            var result = await harness.Run(Job(path, partitions) with { OnBadRow = BadRowPolicy.Quarantine });
            Assert.Equal(2, result.GetProperty("totalRows").GetInt32());
            Assert.Equal(1, harness.Quarantined);
        }
    }

    [Theory]
    [InlineData("SELECT s FROM source")]
    [InlineData("SELECT * FROM source")]
    [InlineData("SELECT max(s) FROM source")]
    public async Task Query_TextThatIsNoUtf8_IsNamedOrSetAside(string query)
    {
        var path = harness.Write("latin.csv", Encoding.Latin1.GetBytes("n,s\n1,a\n2,caf\u00e9\n3,c\n"));
        var job = Job(path, 1) with
        {
            Operation = OperationKind.Sql, Parameters = System.Text.Json.JsonSerializer.SerializeToElement(new { query }),
        };
        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(job));
        Assert.Equal(Contracts.ProblemCode.BadRow, refused.Code);
        Assert.Contains($"{path}, line 3, byte 8, column 's'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("options.encoding", refused.Message, StringComparison.Ordinal);

        await harness.Run(job with { OnBadRow = BadRowPolicy.Quarantine });
        Assert.Equal(1, harness.Quarantined);
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_NulByteInAField_IsKeptOrNamed(int partitions)
    {
        var path = harness.Write("nul.csv", "n,s\n1,a\0b\n2,c\n");

        Assert.Equal(["[1,\"a\\u0000b\"]", "[2,\"c\"]"], await Rows(path, partitions));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_HeaderOnly_HasNoRows(int partitions)
    {
        foreach (var text in new[] { "n,s\n", "n,s", "\uFEFF# c\nn,s\r\n" })
        {
            var result = await harness.Run(Job(harness.Write("header.csv", text), partitions));

            Assert.Equal(2, result.GetProperty("columns").GetArrayLength());
            Assert.Equal(0, result.GetProperty("totalRows").GetInt32());
        }
    }

    [Fact]
    public async Task Convert_EmptyFileBesideOthers_AddsNothing()
    {
        var paths = new[] { harness.Write("1.csv", ""), harness.Write("2.csv", "n,s\n1,a\n"), harness.Write("3.csv", "n,s\n"),
            harness.Write("4.csv", "n,s\n2,b") };

        var result = await harness.Run(
            new JobSpec { Operation = OperationKind.Convert, Source = new SourceSpec { Path = paths } });

        Assert.Equal(["[1,\"a\"]", "[2,\"b\"]"], EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData("empty.csv")]
    [InlineData("empty.ndjson")]
    [InlineData("empty.json")]
    [InlineData("empty")]
    public async Task Convert_EmptyFileAlone_IsNamed(string name)
    {
        var path = harness.Write(name, "");

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, 1)));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("empty", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_EmptyFileWithDeclaredColumns_HasNoRows()
    {
        var spec = Job(harness.Write("empty.csv", ""), 1);
        var declared = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT" } };

        var result = await harness.Run(spec with { Source = spec.Source! with { Options = declared } });

        Assert.Equal(0, result.GetProperty("totalRows").GetInt32());
    }

    [Fact]
    public async Task Convert_BrokenGz_IsNamed()
    {
        var whole = Compressed.Gzip(
            string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},x{i * 7919 % 10_007}\n").Prepend("n,s\n")));
        var flipped = whole.ToArray();
        flipped[whole.Length / 2] ^= 0x55;
        foreach (var (name, bytes) in new[] { ("cut.csv.gz", whole[..(whole.Length / 2)]), ("tail.csv.gz", whole[..^4]),
            ("bits.csv.gz", flipped) })
        {
            var path = harness.Write(name, bytes);

            var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, 1)));

            Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Convert_BrokenZst_IsNamed()
    {
        var text = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i},x{i * 7919 % 10_007}\n").Prepend("n,s\n")));
        using var compressor = new ZstdSharp.Compressor();
        var whole = compressor.Wrap(text).ToArray();
        Assert.Equal(
            200_000,
            (await harness.Run(Job(harness.Write("named-otherwise.bin", whole), 1))).GetProperty("totalRows").GetInt32());
        foreach (var (name, bytes) in new[] { ("cut.csv.zst", whole[..(whole.Length / 2)]), ("tail.csv.zst", whole[..^4]) })
        {
            var path = harness.Write(name, bytes);

            var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, 1)));

            Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Convert_GzOfManyMembers_HasTheRowsOfAll()
    {
        byte[] bytes = [.. Compressed.Gzip("n,s\n1,a\n2,"), .. Compressed.Gzip(""), .. Compressed.Gzip("\"b\nc\"\n"),
            .. Compressed.Gzip("3,d\n")];

        Assert.Equal(["[1,\"a\"]", "[2,\"b\\nc\"]", "[3,\"d\"]"], await Rows(harness.Write("many.dat", bytes), 1));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("ndjson")]
    [InlineData("parquet")]
    public async Task Run_FileThatChangedSinceThePlan_IsNamed(string format)
    {
        foreach (var change in new Action<string>[]
        {
            path => File.AppendAllText(path, "3\n"),
            path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-3)),
            File.Delete,
        })
        {
            var path = format switch
            {
                "csv" => harness.Write("a.csv", "n\n1\n2\n"),
                "ndjson" => harness.Write("a.ndjson", "{\"n\":1}\n{\"n\":2}\n"),
                _ => Parquet("a.parquet", 10),
            };
            var spec = Job(path, 1);
            var plan = await harness.Plan(spec);
            change(path);

            var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(plan, spec));

            Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, byte[], string> NoTables => new()
    {
        { "book.csv", [.. "PK\u0003\u0004"u8, .. new byte[40]], "a zip archive" },
        { "book.xlsx", [.. "PK\u0003\u0004"u8, .. new byte[40]], ".xlsx workbook" },
        { "base.csv", [.. "SQLite format 3\0"u8, .. new byte[100]], "an SQLite database" },
        { "base.json", [.. "SQLite format 3\0"u8, .. new byte[100]], "an SQLite database" },
        { "base.ndjson.gz", Compressed.Gzip("SQLite format 3\0\u0001\u0002"), "an SQLite database" },
        { "a.xls", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0], "an old Office document" },
        { "a.bz2", [.. "BZh91AY&SY"u8, 0, 1, 2, 3], "bzip2" },
        { "a.csv", Encoding.Unicode.GetBytes("gene,n\nTP53,1\n"),
            "UTF-16 without a byte order mark. Set options.encoding to utf-16le" },
        { "b.csv", Encoding.BigEndianUnicode.GetBytes("gene,n\nTP53,1\n"), "Set options.encoding to utf-16be" },
    };

    [Theory]
    [MemberData(nameof(NoTables))]
    public void Probe_FileThatIsNoTable_IsSaidToBeWhatItIs(string name, byte[] bytes, string what)
    {
        var path = harness.Write(name, bytes);

        var refused = Assert.Throws<ClusterException>(() =>
            harness.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]).Get());

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bgzf")]
    [InlineData("gz")]
    public void Probe_StreamWhoseTypeChangesFarFromTheHead_IsSampledThere(string kind)
    {
        var text = string.Concat(Enumerable.Range(0, 400_000)
            .Select(i => $"{(i < 350_000 ? "1" : "X")},{i}\n").Prepend("chrom,pos\n"));
        var path = harness.Write("a.csv.gz", kind == "gz"
            ? Compressed.Gzip(text)
            : Compressed.Bgzf(Encoding.UTF8.GetBytes(text), 60_000));

        var probe = harness.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]).Get();

        Assert.Equal([new ColumnSchema("chrom", "VARCHAR"), new ColumnSchema("pos", "BIGINT")], probe.Columns);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    public void Probe_Link_IsTheFileThatItLeadsTo(string format)
    {
        var path = format == "csv" ? harness.Write("a.csv", "n\n1\n2\n") : Parquet("a.parquet", 2);
        var link = Path.Combine(harness.Folder, $"link.{format}");
        File.CreateSymbolicLink(link, path);
        var stamp = new FileStamp(link, new FileInfo(path).Length, new DateTimeOffset(File.GetLastWriteTimeUtc(path)));

        var probe = harness.Probe(new SourceSpec { Path = [link] }, [stamp]).Get();

        Assert.Equal("n", probe.Columns[0].Name);
        Assert.Equal(2, probe.Files[0].EstimatedRows);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("json")]
    public void Probe_Folder_IsNamed(string format)
    {
        var folder = Directory.CreateDirectory(Path.Combine(harness.Folder, $"folder.{format}")).FullName;
        var stamp = new FileStamp(folder, 4096, new DateTimeOffset(Directory.GetLastWriteTimeUtc(folder)));

        var refused = Assert.Throws<ClusterException>(() => harness.Probe(new SourceSpec { Path = [folder] }, [stamp]).Get());

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Convert_LastRowOfTheLastFileIsNoNumber_IsTextWhenSampled(int partitions)
    {
        var paths = Enumerable.Range(0, 40)
            .Select(i => harness.Write($"f{i:00}.csv", i < 39 ? $"n\n{i}\n" : "n\n39\nX\n")).ToArray();

        var result = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert,
            Source = new SourceSpec { Path = paths, Options = new SourceOptions { Union = FileUnion.Widen } },
            Partitioning = new PartitioningSpec { MinPartitions = partitions },
        });

        Assert.Equal("VARCHAR", result.GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal("[\"X\"]", EngineHarness.Rows(result)[^1]);
        Assert.Equal(41, result.GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Aggregate_RowThatSamplingMissedIsNoNumber_IsNamedOrSetAside(int partitions)
    {
        // In the middle between the samples of head, middle and tail.
        const int Rows = 260_000, Odd = 180_000;
        var path = harness.Write(
            "late.csv", string.Concat(Enumerable.Range(0, Rows).Select(i => i == Odd ? "X,y\n" : $"{i},y\n").Prepend("n,s\n")));
        var spec = Job(path, partitions) with
        {
            Operation = OperationKind.Sql,
            Source = new SourceSpec
            {
                Path = [path],
                Options = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT", ["s"] = "VARCHAR" } },
            },
            Parameters = System.Text.Json.JsonSerializer.SerializeToElement(
                new { query = "SELECT count(*) AS c, sum(n) AS s FROM source" }),
        };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));
        Assert.Equal(Contracts.ProblemCode.BadRow, refused.Code);
        Assert.Contains($"{path}, line {Odd + 2}, ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("column 'n': value 'X' is not a valid BIGINT", refused.Message, StringComparison.Ordinal);

        var result = await harness.Run(spec with { OnBadRow = BadRowPolicy.Quarantine });
        Assert.Equal([$"[{Rows - 1},{((long)Rows * (Rows - 1) / 2) - Odd}]"], EngineHarness.Rows(result));
        Assert.Equal(1, harness.Quarantined);
    }

    private async Task<string[]> Rows(string path, int partitions) =>
        EngineHarness.Rows(await harness.Run(Job(path, partitions)));

    private static JobSpec Job(string path, int partitions) => new()
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = [path] },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
    };

    private string Parquet(string name, int rows)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [harness.Folder] });
        var path = Path.Combine(harness.Folder, name);
        session.Execute(
            $"COPY (SELECT range AS n, md5(range::VARCHAR) AS s FROM range({rows})) TO {SqlText.Literal(path)} (FORMAT parquet, "
            + "ROW_GROUP_SIZE 2048)");
        return path;
    }
}
