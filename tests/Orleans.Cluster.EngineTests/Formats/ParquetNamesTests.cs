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
}
