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
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: TestContext.Current.CancellationToken);
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<int>(schema.GetDataFields()[0], new[] { 1, 2 }.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            await group.WriteAsync<int>(schema.GetDataFields()[1], new[] { 3, 4 }.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        }

        var source = new SourceSpec { Path = [path] };
        var result = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });

        Assert.Equal(["[1,3]", "[2,4]"], EngineHarness.Rows(result));
        var warning = Assert.Single(harness.Probe(source, [EngineHarness.Stamp(path)]).Get().Warnings);
        Assert.Equal("names-mended", warning.Code);
        Assert.Contains(mended, warning.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("k", "K", "k", "K_1")]
    [InlineData("", "b", "column0", "b")]
    public async Task Convert_NestedNamesThatCannotBeTold_AreMendedAndSaid(string first, string second, string firstRead, string secondRead)
    {
        var path = Path.Combine(harness.Folder, "nested.parquet");
        var schema = new ParquetSchema(new DataField<int>("i"), new StructField("s", new DataField<int>(first), new DataField<int>(second)));
        await using (var stream = File.Create(path))
        {
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: TestContext.Current.CancellationToken);
            using var group = writer.CreateRowGroup();
            foreach (var (field, values) in schema.GetDataFields().Zip(new[] { new[] { 1, 2 }, [3, 4], [5, 6] }))
            {
                await group.WriteAsync<int>(field, values.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            }
        }

        var source = new SourceSpec { Path = [path] };
        var whole = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });
        var fields = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql, Source = source,
            Parameters = System.Text.Json.JsonSerializer.SerializeToElement(new { query = $"SELECT i, s.\"{firstRead}\" AS a, s.\"{secondRead}\" AS b FROM source" }),
        });

        Assert.Equal(
            [$"[1,{{\"{firstRead}\":3,\"{secondRead}\":5}}]", $"[2,{{\"{firstRead}\":4,\"{secondRead}\":6}}]"], EngineHarness.Rows(whole));
        Assert.Equal(["[1,3,5]", "[2,4,6]"], EngineHarness.Rows(fields));
        var warning = Assert.Single(harness.Probe(source, [EngineHarness.Stamp(path)]).Get().Warnings);
        Assert.Equal("names-mended", warning.Code);
    }
}
