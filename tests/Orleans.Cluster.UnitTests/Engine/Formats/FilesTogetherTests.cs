using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.UnitTests.Engine.Formats;

/// <summary>Many files are one dataset: one schema, decided before anything is computed.</summary>
public sealed class FilesTogetherTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Convert_TextWithOtherColumns_IsJoinedByName(int partitions)
    {
        var result = await Convert(
            partitions, harness.Write("1.csv", "a,b\n1,x\n"), harness.Write("2.csv", "b,a\ny,2\n"), harness.Write("3.csv", "c,a\n0.5,3\n"));

        Assert.Equal(["[1,\"x\",null]", "[2,\"y\",null]", "[3,null,0.5]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_ParquetWithOtherColumns_IsJoinedByName()
    {
        var result = await Convert(
            1, Parquet("1.parquet", "1::INTEGER AS a, 'x' AS b"), Parquet("2.parquet", "'y' AS b, 2::BIGINT AS a"), Parquet("3.parquet", "3::SMALLINT AS a, 0.5::DOUBLE AS c"));

        Assert.Equal("BIGINT", result.GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal(["[1,\"x\",null]", "[2,\"y\",null]", "[3,null,0.5]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_ParquetWhoseTypesNoTypeHolds_NamesBothPlaces()
    {
        var (first, second) = (Parquet("1.parquet", "1 AS a"), Parquet("2.parquet", "[1] AS a"));

        var refused = await Assert.ThrowsAsync<ClusterException>(() => Convert(1, first, second));

        Assert.Equal(Contracts.ErrorCode.SchemaConflict, refused.Code);
        Assert.Contains($"Column 'a' is INTEGER in {first} and INTEGER[] in {second}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_TextWhoseTypesDiffer_IsWidenedAndSaysWhere()
    {
        var (first, second) = (harness.Write("1.csv", "a,b\n1,2\n"), harness.Write("2.csv", "b,a\n3,x\n"));

        var probe = harness.Probe(new SourceSpec { Path = [first, second] }, [EngineHarness.Stamp(first), EngineHarness.Stamp(second)]).Get();

        Assert.Equal([new ColumnSchema("a", "VARCHAR"), new ColumnSchema("b", "BIGINT")], probe.Columns);
        Assert.Equal($"Column 'a' is BIGINT in {first} and VARCHAR in {second}: read as VARCHAR.", Assert.Single(probe.Warnings).Detail);
    }

    // Footers that are the same are read once; files of one size that differ are not the same.
    [Fact]
    public async Task Convert_CopiesOfParquet_AreEachReadWhole()
    {
        var (first, other) = (Parquet("1.parquet", "1 AS a, 'x' AS b"), Parquet("3.parquet", "3 AS a, 'z' AS c"));
        var copies = (First: Path.Combine(harness.Folder, "2.parquet"), Other: Path.Combine(harness.Folder, "4.parquet"));
        File.Copy(first, copies.First);
        File.Copy(other, copies.Other);

        var result = await Convert(1, first, copies.First, other, copies.Other);

        Assert.Equal(new FileInfo(first).Length, new FileInfo(other).Length);
        Assert.Equal(["[1,\"x\",null]", "[1,\"x\",null]", "[3,null,\"z\"]", "[3,null,\"z\"]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_HiveFolders_AreColumns()
    {
        var text = await Convert(
            2, harness.Write("year=2023/part=a/x.csv", "n\n1\n"), harness.Write("year=2024/part=b/x.csv", "n\n2\n"), harness.Write("x.csv", "n\n3\n"));
        var lines = await Convert(1, harness.Write("year=2023/x.ndjson", "{\"n\":1}\n"), harness.Write("year=2024/x.ndjson", "{\"n\":2}\n"));

        Assert.Equal(["[1,2023,\"a\"]", "[2,2024,\"b\"]", "[3,null,null]"], EngineHarness.Rows(text));
        Assert.Equal(["[1,2023]", "[2,2024]"], EngineHarness.Rows(lines));
    }

    private Task<System.Text.Json.JsonElement> Convert(int partitions, params string[] paths) => harness.Run(new JobSpec
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = paths },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
    });

    private string Parquet(string name, string row)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [harness.Folder] });
        var path = Path.Combine(harness.Folder, name);
        session.Execute($"COPY (SELECT {row}) TO {SqlText.Literal(path)} (FORMAT parquet)");
        return path;
    }
}
