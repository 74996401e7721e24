using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Many files are one dataset: one schema, decided before anything is computed.</summary>
public sealed class FilesTogetherTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Convert_TextWithOtherColumns_IsJoinedByNameWhereWanted(int partitions)
    {
        string[] paths =
            [harness.Write("1.csv", "a,b\n1,x\n"), harness.Write("2.csv", "b,a\ny,2\n"), harness.Write("3.csv", "c,a\n0.5,3\n")];

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(partitions, paths));
        var result = await Convert(partitions, FileUnion.ByName, paths);

        Assert.Equal(Contracts.ProblemCode.SchemaConflict, refused.Code);
        Assert.Contains($"only {paths[0]} has 'b', and only {paths[2]} has 'c'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["[1,\"x\",null]", "[2,\"y\",null]", "[3,null,0.5]"], EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData("gene,count\na,1\n", "gene,cnt\nb,2\n")]
    [InlineData("gene,tissue\na,x\n", "gene,organ\nb,y\n")]
    [InlineData("n\n1\n2\n", "n\n1\nX\n")]
    [InlineData("a,1\nb,2\n", "gene,n,m\nc,3,4\n")]
    [InlineData("gene,n\na,1\n", "b,2,3\n")]
    public async Task Convert_TextThatDoesNotFitTogether_NamesBothFiles(string first, string second)
    {
        string[] paths = [harness.Write("1.csv", first), harness.Write("2.csv", second)];

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(1, paths));

        Assert.Equal(Contracts.ProblemCode.SchemaConflict, refused.Code);
        Assert.All(paths, path => Assert.Contains(path, refused.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Convert_FilesWrittenInOtherDialects_AreEachReadByTheirOwn(int partitions)
    {
        string[] paths = [harness.Write("1.csv", "gene;n\na;1\n"), harness.Write("2.csv", "gene,n\nb,2\n"),
            harness.Write("3.csv", "n\tgene\n3\tc\n"), harness.Write("4.csv", "d,4\ne,5\n")];

        var result = await Convert(partitions, paths);
        var probe = Probe(paths);

        Assert.Equal(["[\"a\",1]", "[\"b\",2]", "[\"c\",3]", "[\"d\",4]", "[\"e\",5]"], EngineHarness.Rows(result));
        Assert.Null(probe.Files[0].Dialect);
        Assert.Equal([",", "\t", ","], probe.Files.Skip(1).Select(file => file.Dialect!.Delimiter));
        Assert.False(probe.Files[3].Dialect!.Header);
        Assert.Contains(probe.Warnings, warning => warning.Code == "header-doubtful"
            && warning.Detail.StartsWith(paths[3], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gene,n\na,1\nb,2\n", "c,3\nd,4\n", 4)]
    [InlineData("a,1\nb,2\n", "gene,n\nc,3\n", 3)]
    [InlineData("gene,tissue\na,x\n", "gene,tissue\nb,y\n", 2)]
    [InlineData("gene,tissue\na,x\n", "b,y\nc,z\n", 3)]
    [InlineData("gene,n\na,1\n", "c,3\n", 2)]
    [InlineData("gene,n\n", "c,3\n", 1)]
    public async Task Convert_FilesWithAndWithoutHeader_LoseNoRow(string first, string second, int rows)
    {
        var result = await Convert(1, harness.Write("1.csv", first), harness.Write("2.csv", second));

        Assert.Equal(rows, result.GetProperty("totalRows").GetInt32());
        Assert.Equal("gene", result.GetProperty("columns")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Convert_ParquetWithOtherColumns_IsJoinedByNameWhereWanted()
    {
        string[] paths = [Parquet("1.parquet", "1::INTEGER AS a, 'x' AS b"), Parquet("2.parquet", "'y' AS b, 2::BIGINT AS a"),
            Parquet("3.parquet", "3::SMALLINT AS a, 0.5::DOUBLE AS c")];

        var result = await Convert(1, FileUnion.Widen, paths);

        Assert.Equal("BIGINT", result.GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal(["[1,\"x\",null]", "[2,\"y\",null]", "[3,null,0.5]"], EngineHarness.Rows(result));
        foreach (var (first, second, union) in new[] { (0, 2, FileUnion.Strict), (0, 1, FileUnion.Strict),
            (0, 1, FileUnion.ByName) })
        {
            var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(1, union, paths[first], paths[second]));
            Assert.Equal(Contracts.ProblemCode.SchemaConflict, refused.Code);
            Assert.Contains(paths[first], refused.Message, StringComparison.Ordinal);
            Assert.Contains(paths[second], refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("1::INTEGER", "2::UINTEGER", "BIGINT")]
    [InlineData("1::BIGINT", "2::UBIGINT", "DECIMAL(38,0)")]
    [InlineData("1::DECIMAL(18,2)", "2::DECIMAL(9,4)", "DECIMAL(20,4)")]
    [InlineData("1::INTEGER", "2::DECIMAL(9,4)", "DECIMAL(14,4)")]
    public async Task Convert_ParquetWhoseTypesHaveACommonOne_IsReadAsThat(string first, string second, string type)
    {
        var result = await Convert(
            1, FileUnion.Widen, Parquet("1.parquet", $"{first} AS a"), Parquet("2.parquet", $"{second} AS a"));

        Assert.Equal(type, result.GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal(2, result.GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData("a.parquet")]
    [InlineData("a.csv")]
    public async Task Convert_DeclaredColumnInOtherCase_IsThatColumn(string name)
    {
        var path = name == "a.csv" ? harness.Write(name, "Gene,N\na,1\n") : Parquet(name, "'a' AS Gene, 1::BIGINT AS N");
        var spec = new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path], Options = Declared("n", "DOUBLE") },
        };

        var result = await harness.Run(spec);
        var refused = await Assert.ThrowsAsync<ClusterException>(
            () => harness.Run(spec with { Source = spec.Source with { Options = Declared("count", "DOUBLE") } }));

        Assert.Equal(
            ["VARCHAR", "DOUBLE"],
            result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("type").GetString()));
        Assert.Equal(Contracts.ProblemCode.ColumnNotFound, refused.Code);
        Assert.Contains("'count'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_DeclaredKeyInOtherCase_IsThatKey()
    {
        var path = harness.Write("a.ndjson", "{\"Gene\":\"a\",\"N\":1}\n");

        var result = await harness.Run(
            new JobSpec
            {
                Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path], Options = Declared("n", "DOUBLE") },
            });

        Assert.Equal("DOUBLE", result.GetProperty("columns")[1].GetProperty("type").GetString());
        Assert.Equal(["[\"a\",1]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_ParquetWhoseTypesNoTypeHolds_NamesBothPlaces()
    {
        var (first, second) = (Parquet("1.parquet", "1 AS a"), Parquet("2.parquet", "[1] AS a"));

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(1, FileUnion.Widen, first, second));

        Assert.Equal(Contracts.ProblemCode.SchemaConflict, refused.Code);
        Assert.Contains(
            $"Column 'a' is INTEGER in {first} and INTEGER[] in {second}; no type holds both", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_TextWhoseTypesDiffer_IsWidenedAndSaysWhere()
    {
        var (first, second) = (harness.Write("1.csv", "a,b\n1,2\n"), harness.Write("2.csv", "b,a\n3,x\n"));

        var probe = Probe([first, second], FileUnion.Widen);

        Assert.Equal([new ColumnSchema("a", "VARCHAR"), new ColumnSchema("b", "BIGINT")], probe.Columns);
        Assert.Equal(
            $"Column 'a' is BIGINT in {first} and VARCHAR in {second}: read as VARCHAR.", Assert.Single(probe.Warnings).Detail);
    }

    [Fact]
    public void Probe_WholeNumbersInOneFileAndDecimalsInAnother_AreNumbers()
    {
        var (first, second) = (harness.Write("1.csv", "a\n1\n"), harness.Write("2.csv", "a\n1.5\n"));

        var probe = Probe([first, second]);

        Assert.Equal([new ColumnSchema("a", "DOUBLE")], probe.Columns);
        Assert.Equal("widened", Assert.Single(probe.Warnings).Code);
    }

    // Footers that are the same are read once; files of one size that differ are not the same.
    [Fact]
    public async Task Convert_CopiesOfParquet_AreEachReadWhole()
    {
        var (first, other) = (Parquet("1.parquet", "1 AS a, 'x' AS b"), Parquet("3.parquet", "3 AS a, 'z' AS c"));
        var copies = (First: Path.Combine(harness.Folder, "2.parquet"), Other: Path.Combine(harness.Folder, "4.parquet"));
        File.Copy(first, copies.First);
        File.Copy(other, copies.Other);

        var result = await Convert(1, FileUnion.ByName, first, copies.First, other, copies.Other);

        Assert.Equal(new FileInfo(first).Length, new FileInfo(other).Length);
        Assert.Equal(["[1,\"x\",null]", "[1,\"x\",null]", "[3,null,\"z\"]", "[3,null,\"z\"]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_HiveFolders_AreColumns()
    {
        var text = await Convert(
            2, harness.Write("year=2023/part=a/x.csv", "n\n1\n"), harness.Write("year=2024/part=b/x.csv", "n\n2\n"),
            harness.Write("x.csv", "n\n3\n"));
        var lines = await Convert(
            1, harness.Write("year=2023/x.ndjson", "{\"n\":1}\n"), harness.Write("year=2024/x.ndjson", "{\"n\":2}\n"));

        Assert.Equal(["[1,2023,\"a\"]", "[2,2024,\"b\"]", "[3,null,null]"], EngineHarness.Rows(text));
        Assert.Equal(["[1,2023]", "[2,2024]"], EngineHarness.Rows(lines));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    public async Task Convert_FoldersThatStandForNull_AreNull(string format)
    {
        string Write(string folder) =>
            format == "csv" ? harness.Write($"{folder}/x.csv", "n\n1\n") : Parquet($"{folder}/x.parquet", "1 AS n");

        var result = await Convert(1, Write("k=1"), Write("k=NULL"), Write("k=__HIVE_DEFAULT_PARTITION__"));

        Assert.Equal("BIGINT", result.GetProperty("columns")[1].GetProperty("type").GetString());
        Assert.Equal(["[1,1]", "[1,null]", "[1,null]"], EngineHarness.Rows(result));
    }

    [Theory]
    [InlineData("k=1/k=2", "two values")]
    [InlineData("k=%00", "NUL")]
    public async Task Convert_FoldersThatCannotBeColumns_AreNamed(string folder, string reason)
    {
        var path = harness.Write($"{folder}/x.csv", "n\n1\n");

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(1, path));

        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_ColumnWithTheNameOfAFolder_IsSaid()
    {
        var path = harness.Write("tissue=A/p.csv", "tissue,n\nfileA,1\n");

        Assert.Equal("folder-column-hidden", Assert.Single(Probe([path]).Warnings).Code);
    }

    private DatasetProbe Probe(string[] paths, FileUnion union = FileUnion.Strict) => harness.Probe(
        new SourceSpec { Path = paths, Options = new SourceOptions { Union = union } },
        [.. paths.Select(EngineHarness.Stamp)]).Get();

    private static SourceOptions Declared(string name, string type) =>
        new() { Columns = new Dictionary<string, string> { [name] = type } };

    private Task<System.Text.Json.JsonElement> Convert(int partitions, params string[] paths) =>
        Convert(partitions, FileUnion.Strict, paths);

    private Task<System.Text.Json.JsonElement> Convert(int partitions, FileUnion union, params string[] paths) =>
        harness.Run(new JobSpec
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = paths, Options = new SourceOptions { Union = union } },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
    });

    private string Parquet(string name, string row)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [harness.Folder] });
        var path = Path.Combine(harness.Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        session.Execute($"COPY (SELECT {row}) TO {SqlText.Literal(path)} (FORMAT parquet)");
        return path;
    }
}
