using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Parquet files that are cut short, overwritten or broken: an error that names the file.</summary>
public sealed class OddParquetTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    [InlineData(0.001)]
    public async Task Convert_TruncatedParquet_IsNamed(double part)
    {
        var whole = await File.ReadAllBytesAsync(Parquet("whole.parquet", 10_000), TestContext.Current.CancellationToken);
        var path = harness.Write("cut.parquet", whole[..(int)(whole.Length * part)]);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, 1)));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_ParquetThatWasOverwritten_IsNamed()
    {
        var path = Parquet("whole.parquet", 100_000);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Array.Fill<byte>(bytes, 0xFF, 4, bytes.Length / 2);

        var refused = await Assert.ThrowsAsync<ClusterException>(() =>
            harness.Run(Job(harness.Write("holes.parquet", bytes), 1)));

        Assert.Contains("holes.parquet", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_ParquetWhoseFooterIsBroken_IsNamed()
    {
        var whole = Parquet("whole.parquet", 10_000);
        var bytes = await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken);
        Array.Fill<byte>(bytes, 0xFF, bytes.Length - 200, 100);
        var path = harness.Write("footer.parquet", bytes);

        var refused = await Assert.ThrowsAsync<ClusterException>(
            () => harness.Run(Job(whole, 1) with { Source = new SourceSpec { Path = [whole, path] } }));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(whole, refused.Message, StringComparison.Ordinal);
    }

    // The footer says how many rows there are; that is not enough to have counted them.
    [Fact]
    public async Task Count_ParquetWhosePagesCannotBeRead_IsNamed()
    {
        var whole = Parquet("whole.parquet", 100_000);
        var bytes = await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken);
        Array.Fill<byte>(bytes, 0xFF, 4, bytes.Length / 2);
        var count = System.Text.Json.JsonSerializer.SerializeToElement(new { query = "SELECT count(*) AS c FROM source" });

        var refused = await Assert.ThrowsAsync<ClusterException>(
            () => harness.Run(
                Job(harness.Write("holes.parquet", bytes), 1) with { Operation = OperationKind.Sql, Parameters = count }));
        var result = await harness.Run(Job(whole, 1) with { Operation = OperationKind.Sql, Parameters = count });

        Assert.Contains("holes.parquet", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["[100000]"], EngineHarness.Rows(result));
    }

    [Fact]
    public async Task Convert_ParquetPageThatIsNotWhatWasWritten_IsNamed()
    {
        var whole = Path.Combine(SharedData.Require("opentargets"), "target_sample.parquet");
        var bytes = await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken);
        var sound = harness.Write("sound.parquet", bytes);
        bytes[1000] ^= 1;
        var damaged = harness.Write("damaged.parquet", bytes);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(damaged, 1)));
        var result = await harness.Run(Job(sound, 1));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.StartsWith(
            $"{damaged} cannot be read: column 'id' of row group 0 is damaged at byte 4", refused.Message,
            StringComparison.Ordinal);
        Assert.True(result.GetProperty("totalRows").GetInt32() > 0);
    }

    private string Parquet(string name, int rows)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [harness.Folder] });
        var path = Path.Combine(harness.Folder, name);
        session.Execute(
            $"COPY (SELECT range AS n, md5(range::VARCHAR) AS s FROM range({rows})) TO {SqlText.Literal(path)} (FORMAT parquet, "
            + "ROW_GROUP_SIZE 2048)");
        return path;
    }

    private async Task<string[]> Rows(string path, int partitions) =>
        EngineHarness.Rows(await harness.Run(Job(path, partitions)));

    private static JobSpec Job(string path, int partitions) => new()
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = [path] },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
    };
}
