using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Export;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Rows of a result that are written are those that were committed, whatever the form.</summary>
public sealed class ResultRowsTests : IDisposable
{
    private const int Partitions = 7;

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(OutputFormat.Parquet)]
    [InlineData(OutputFormat.Csv)]
    [InlineData(OutputFormat.Ndjson)]
    public async Task Export_AFileOfSeveralHasOtherRows_FailsAndLeavesNoFileBeside(OutputFormat format)
    {
        var path = harness.Write("many.csv", "n\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{i}\n")));
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] },
            Output = new OutputSpec { Path = "out", Format = format },
            Partitioning = new PartitioningSpec { MinPartitions = Partitions },
        });
        Assert.Equal(Partitions, harness.LastFiles.Count);
        var cases = from form in Enum.GetValues<ExportFormat>()
                    from broken in (int[])[0, Partitions - 1]
                    from more in (int[])[1, -1]
                    select (form, broken, more);
        foreach (var (form, broken, more) in cases)
        {
            var files = harness.LastFiles
                .Select((file, i) => i == broken ? file with { Rows = file.Rows + more } : file).ToList();
            var folder = Directory.CreateDirectory(Path.Combine(harness.Folder, $"results{form}{broken}{more}")).FullName;
            var target = Path.Combine(folder, "rows");
            var request = new ExportRequest(files, format, harness.LastPlan!.Columns, 0, null, form, target);

            var failure = Assert.Throws<EngineException>(() => RowExporter.Export(request, default));

            Assert.Equal(FailureKind.Internal, failure.Failure.Kind);
            Assert.Contains(" rows of the page and not ", failure.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(folder).Except([target]));
        }
    }

    // Files are opened by their descriptors, whose names have no ending that tells how they are packed.
    [Theory]
    [InlineData(OutputFormat.Csv, "gzip", null)]
    [InlineData(OutputFormat.Csv, "zstd", "k")]
    [InlineData(OutputFormat.Tsv, "gzip", "k")]
    [InlineData(OutputFormat.Ndjson, "gzip", null)]
    [InlineData(OutputFormat.Ndjson, "zstd", "k")]
    [InlineData(OutputFormat.Parquet, "gzip", "k")]
    public async Task Export_PackedFiles_HaveTheirRows(OutputFormat format, string codec, string? partitionBy)
    {
        var path = harness.Write("few.csv", "n,k,t\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{i},{i % 3},x y\n")));

        var result = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] },
            Output = new OutputSpec
            {
                Path = "out", Format = format, Compression = codec, PartitionBy = partitionBy is null ? [] : [partitionBy],
            },
            Partitioning = new PartitioningSpec { MinPartitions = 2 },
        });

        var expected = Enumerable.Range(0, 50).Select(i => $"[{i},{i % 3},\"x y\"]").Order(StringComparer.Ordinal);
        Assert.Equal(expected, EngineHarness.Rows(result).Order(StringComparer.Ordinal));
    }
}
