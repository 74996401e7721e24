using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>A plan tells which reader a dataset has.</summary>
public sealed class PlanReaderTests
{
    [Theory]
    [InlineData(SourceFormat.Csv, false, "text-scan")]
    [InlineData(SourceFormat.Tsv, false, "text-scan")]
    [InlineData(SourceFormat.Parquet, false, "duckdb-parquet")]
    [InlineData(SourceFormat.Ndjson, false, "json-scan")]
    [InlineData(SourceFormat.Json, false, "json-scan")]
    [InlineData(SourceFormat.Ndjson, true, "duckdb-json")]
    public void Of_Dataset_NamesItsReader(SourceFormat format, bool isWhole, string reader)
    {
        var json = format is SourceFormat.Json or SourceFormat.Ndjson ? new JsonLayout { IsWhole = isWhole } : null;
        var dataset = new PlannedDataset { Format = format, Columns = [], Partitions = [], TotalBytes = 0, Json = json };

        Assert.Equal(reader, PlanDocuments.Of(dataset, []).Reader);
    }
}
