using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>When one task does a whole query: little data in columns, nothing that multiplies it, and nobody's wish.</summary>
public sealed class OneTaskTests : IDisposable
{
    private const string Query = "SELECT g, sum(n) AS n FROM source GROUP BY g";

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Plan_LittleParquet_IsOneTaskThatSaysItsEstimate()
    {
        var plan = await Plan(Query, 5_000_000);

        var stage = Assert.Single(plan.Stages);
        Assert.Contains("One task does all, about 0.3 s by estimate (5,000,000 rows", stage.Note, StringComparison.Ordinal);
        var slice = Assert.Single(Assert.Single(plan.Datasets["source"].Partitions).Slices);
        Assert.Equal((0, 5_000_000, 5_000_000L), (slice.Start, slice.End, slice.Rows));
    }

    [Theory]
    [InlineData("SELECT g, sum(n) AS n FROM source WHERE EXISTS (SELECT * FROM source s WHERE s.g = source.g) GROUP BY g", 1)]
    [InlineData("SELECT n, g FROM source ORDER BY n LIMIT 5", 1)]
    [InlineData("SELECT n, g FROM source", 2)]
    [InlineData("SELECT *, row_number() OVER (PARTITION BY g ORDER BY n) AS r FROM source", 2)]
    [InlineData("SELECT count(*) AS c FROM source a, source b", 2)]
    [InlineData("SELECT regexp_replace(g, 'a', 'b') AS g, upper(g) AS u, md5(g) AS m, count(*) AS c FROM source GROUP BY ALL", 2)]
    public async Task Plan_Query_IsInAsManyPartitionsAsItIsWorth(string query, int partitions) =>
        Assert.Equal(partitions, (await Plan(query, 5_000_000)).Datasets["source"].Partitions.Count);

    [Fact]
    public async Task Plan_MuchParquet_IsInPartitions() =>
        Assert.Equal(2, (await Plan(Query, 50_000_000)).Datasets["source"].Partitions.Count);

    [Fact]
    public async Task Plan_Text_IsInPartitions() =>
        Assert.Equal(2, (await Plan(Query, 5_000_000, SourceFormat.Csv)).Datasets["source"].Partitions.Count);

    [Fact]
    public async Task Plan_ObjectsOfAStore_AreInPartitions() =>
        Assert.Equal(2, (await Plan(Query, 5_000_000, path: "s3://b/k.parquet")).Datasets["source"].Partitions.Count);

    [Fact]
    public async Task Plan_PartitionsThatSomebodyWants_AreThere() => Assert.Equal(2, (await Plan(
        Query, 5_000_000, partitioning: new PartitioningSpec { MinPartitions = 2 })).Datasets["source"].Partitions.Count);

    private Task<JobPlan> Plan(
        string query, long rows, SourceFormat format = SourceFormat.Parquet, string path = "/data/k.parquet",
        PartitioningSpec? partitioning = null)
    {
        var file = new SourceFile { Stamp = new FileStamp(path, 150 << 20, default), RowCount = rows };
        var halves = new[] { (Start: 0L, End: rows / 2), (Start: rows / 2, End: rows) };
        var dataset = new PlannedDataset
        {
            Format = format,
            Columns = [new ColumnSchema("g", "VARCHAR"), new ColumnSchema("n", "BIGINT"), new ColumnSchema("x", "DOUBLE")],
            Partitions =
            [
                .. halves.Select((half, index) => new DataPartition
                {
                    Index = index, Bytes = 75 << 20, EstimatedRows = rows / 2,
                    Slices =
                    [
                        new FileSlice
                        {
                            File = file, Start = half.Start, End = half.End, Rows = half.End - half.Start, Unit = SliceUnit.Rows,
                        },
                    ],
                }),
            ],
            TotalBytes = 150 << 20,
            EstimatedRows = rows,
        };
        var spec = new JobSpec
        {
            Operation = OperationKind.Sql, Parameters = JsonSerializer.SerializeToElement(new { query }),
            Partitioning = partitioning ?? new PartitioningSpec(),
        };
        return new QueryPlanner(harness).Plan(
            spec, new Dictionary<string, PlannedDataset> { ["source"] = dataset }, TestContext.Current.CancellationToken);
    }
}
