using Orleans.Cluster.Contracts;
using Parquet;
using Parquet.Schema;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Parquet files may have column names that SQL cannot tell apart: no value is lost, and the user hears of it.</summary>
public sealed class ParquetNamesTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("a", "A", "'A' is 'A_1'")]
    [InlineData("a", "a", "'a' is 'a_1'")]
    [InlineData("", "b", "'' is")]
    public async Task Convert_NamesThatCannotBeTold_AreMendedAndSaid(string first, string second, string mended)
    {
        var path = Path.Combine(harness.Folder, "names.parquet");
        var schema = new ParquetSchema(new DataField<int>(first), new DataField<int>(second));
        await using (var stream = File.Create(path))
        {
            await using var writer = await ParquetWriter.CreateAsync(
                schema, stream, cancellationToken: TestContext.Current.CancellationToken);
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<int>(
                schema.GetDataFields()[0], new[] { 1, 2 }.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            await group.WriteAsync<int>(
                schema.GetDataFields()[1], new[] { 3, 4 }.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        }

        var source = new SourceSpec { Path = [path] };
        var result = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });

        Assert.Equal(["[1,3]", "[2,4]"], EngineHarness.Rows(result));
        var warning = Assert.Single(harness.Probe(source, [EngineHarness.Stamp(path)]).Get().Warnings);
        Assert.Equal("names-mended", warning.Code);
        Assert.Contains(mended, warning.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_NestedNamesThatDifferInCaseOnly_AreMendedAndSaid()
    {
        var path = Path.Combine(harness.Folder, "nested.parquet");
        using (var single = new SingleEngine())
        {
            single.Execute(
                "COPY (SELECT i, {'ka': i + 2, 'kb': i + 4} AS s, [{'ka': i, 'kb': NULL}, NULL] AS l FROM range(1, 3) AS r(i)) "
                + $"TO '{path}' (FORMAT parquet)");
        }

        // No engine makes such a file; the name of a field is in it with its length before it.
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (var at = bytes.AsSpan().IndexOf("\u0002kb"u8); at >= 0; at = bytes.AsSpan().IndexOf("\u0002kb"u8))
        {
            "\u0002KA"u8.CopyTo(bytes.AsSpan(at));
        }

        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

        var source = new SourceSpec { Path = [path] };
        var whole = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });
        var fields = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql, Source = source,
            Parameters = System.Text.Json.JsonSerializer.SerializeToElement(
                new { query = "SELECT i, s.ka AS a, s.KA_1 AS b, l[1].KA_1 AS c FROM source" }),
        });

        Assert.Equal(
            ["[1,{\"ka\":3,\"KA_1\":5},[{\"ka\":1,\"KA_1\":null},null]]",
                "[2,{\"ka\":4,\"KA_1\":6},[{\"ka\":2,\"KA_1\":null},null]]"], EngineHarness.Rows(whole));
        Assert.Equal(["[1,3,5,null]", "[2,4,6,null]"], EngineHarness.Rows(fields));
        var warning = Assert.Single(harness.Probe(source, [EngineHarness.Stamp(path)]).Get().Warnings);
        Assert.Equal("names-mended", warning.Code);
    }
}
