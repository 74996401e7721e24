using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Tpch;

/// <summary>Plans over tables of scale 1, of which only sizes are known.</summary>
internal static class TpchScale
{
    private static readonly IReadOnlyDictionary<string, (long Rows, long Bytes)> One = new Dictionary<string, (long, long)>
    {
        ["region"] = (5, 400),
        ["nation"] = (25, 2_200),
        ["supplier"] = (10_000, 1_400_000),
        ["customer"] = (150_000, 24_000_000),
        ["part"] = (200_000, 24_000_000),
        ["partsupp"] = (800_000, 119_000_000),
        ["orders"] = (1_500_000, 172_000_000),
        ["lineitem"] = (6_001_215, 760_000_000),
    };

    /// <summary>The plan of a query, in partitions of 100 MB.</summary>
    public static Task<JobPlan> Plan(EngineOracle tables, string query) => new QueryPlanner(tables.Harness).Plan(
        tables.Job(query, 1),
        One.ToDictionary(table => table.Key, table => new PlannedDataset
        {
            Format = SourceFormat.Csv,
            Columns = [.. TpchTables.Columns[table.Key].Select(column => new ColumnSchema(column.Key, column.Value))],
            Partitions =
            [
                .. Enumerable.Range(0, (int)(table.Value.Bytes / 100_000_000) + 1)
                    .Select(index => new DataPartition { Index = index, Slices = [], Bytes = 100_000_000 }),
            ],
            TotalBytes = table.Value.Bytes,
            EstimatedRows = table.Value.Rows,
        }),
        CancellationToken.None);

    /// <summary>Whether every table of several partitions is read partition by partition.</summary>
    public static bool ScansInPartitions(JobPlan plan)
    {
        var scans = plan.Stages.SelectMany(stage => stage.Inputs)
            .Where(input => input.Dataset is { } name && plan.Datasets[name].Partitions.Count > 1).ToList();
        return scans.Count > 0 && scans.TrueForAll(input => input.Mode == InputMode.Partition);
    }

    /// <summary>Bytes of the largest input that a single task reads whole.</summary>
    public static long MostGathered(JobPlan plan) =>
        plan.Stages.SelectMany(stage => stage.Inputs)
        .Where(input => input.Mode == InputMode.All).Max(input => input.EstimatedBytes);
}
