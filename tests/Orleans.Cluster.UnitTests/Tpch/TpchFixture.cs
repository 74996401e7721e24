using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Contracts.Plans;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.UnitTests.Engine;

namespace Orleans.Cluster.UnitTests.Tpch;

/// <summary>The tables as files, and beside them a single engine with one thread that says what is right.</summary>
internal sealed class TpchFixture : IDisposable
{
    private readonly DuckDBConnection oracle = new("DataSource=:memory:");
    private readonly IReadOnlyDictionary<string, string> files;

    private TpchFixture(Action<DuckDBConnection> fill)
    {
        oracle.Open();
        fill(oracle);
        files = TpchTables.Write(oracle, Harness.Folder);
    }

    public EngineHarness Harness { get; } = new();

    public static TpchFixture Generated() => new(TpchTables.Generate);

    /// <summary>The benchmark's own files, which are no part of the repository; null where they are absent.</summary>
    public static string? SharedFolder
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                var data = Path.Combine(folder.FullName, "shared", "data", "tpch-sf0.01");
                if (Directory.Exists(data))
                {
                    return data;
                }
            }

            return null;
        }
    }

    public static TpchFixture OfFiles(string folder) => new(database => TpchTables.Load(database, folder));

    /// <summary>A job over the tables.</summary>
    public JobSpec Job(string query, int partitions) => new()
    {
        Operation = OperationKind.Sql,
        Sources = files.ToDictionary(
            file => file.Key,
            file => new SourceSpec
            {
                Path = [file.Value],
                Format = SourceFormat.Csv,
                Options = new SourceOptions { Columns = TpchTables.Columns[file.Key] },
            }),
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };

    /// <summary>The rows that one engine over the whole tables gives.</summary>
    public async Task<JsonElement> Expected(string query, JobPlan plan)
    {
        var path = Path.Combine(Harness.Folder, $"{Guid.NewGuid():N}.parquet");
        var columns = plan.Columns.Select((column, index) => $"CAST(c{index} AS {column.Type}) AS {SqlText.Name(column.Name)}");
        var names = string.Join(", ", Enumerable.Range(0, plan.Columns.Count).Select(index => $"c{index}"));
        var rows = TpchTables.Execute(
            oracle, $"COPY (SELECT {string.Join(", ", columns)} FROM ({query}) AS q({names})) TO {SqlText.Literal(path)} (FORMAT parquet)");
        var bytes = await File.ReadAllBytesAsync(path);
        var artifact = new ArtifactRef(
            new AttemptId(new TaskId(JobId.New(), 0, 0), 1), path, rows, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return await Harness.Export(plan, [artifact]);
    }

    /// <summary>Plans, runs and compares one query; answers its plan.</summary>
    public async Task<JobPlan> Check(string query, int partitions, PlanLimits limits, bool mayBeEmpty = false)
    {
        var spec = Job(query, partitions);
        var plan = await Harness.Plan(spec, limits);

        var result = await Harness.Run(plan, spec);

        var expected = await Expected(query, plan);
        Assert.True(mayBeEmpty || expected.GetProperty("totalRows").GetInt32() > 0, "The query finds nothing, and tests nothing.");
        AssertSame(expected, result);
        return plan;
    }

    /// <summary>The plan over tables of scale 1, of which only sizes are known.</summary>
    public Task<JobPlan> PlanAtScaleOne(string query)
    {
        var datasets = TpchTables.ScaleOne.ToDictionary(table => table.Key, table => new PlannedDataset
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
        });
        return new QueryPlanner(Harness).Plan(Job(query, 1), datasets, CancellationToken.None);
    }

    /// <summary>A plan as text.</summary>
    public static string Describe(int number, JobPlan plan) => string.Join('\n', plan.Stages.Select(stage =>
        $"Q{number} {stage.Index} {stage.Name} <- {string.Join(", ", stage.Inputs.Select(i => $"{i.Name} {i.Mode} {i.EstimatedBytes >> 20} MiB"))}"
        + $" -> {stage.Output.Kind} {stage.Output.Targets}\n    {stage.Note}\n    {stage.Query}"));

    /// <summary>Integers, decimals and text are the same; doubles to nine digits.</summary>
    public static void AssertSame(JsonElement expected, JsonElement actual)
    {
        var want = expected.GetProperty("rows").EnumerateArray().ToList();
        var have = actual.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(want.Count, have.Count);
        foreach (var (row, index) in want.Zip(have).Select((pair, index) => (pair, index)))
        {
            foreach (var (one, other) in row.First.EnumerateArray().Zip(row.Second.EnumerateArray()))
            {
                Assert.True(IsSame(one, other), $"Row {index}: {row.Second} instead of {row.First}");
            }
        }
    }

    public void Dispose()
    {
        oracle.Dispose();
        Harness.Dispose();
    }

    private static bool IsSame(JsonElement one, JsonElement other) =>
        one.ToString() == other.ToString()
        || (one.ValueKind == JsonValueKind.Number && other.ValueKind == JsonValueKind.Number
            && double.Parse(one.GetRawText(), CultureInfo.InvariantCulture) is var want
            && Math.Abs(want - double.Parse(other.GetRawText(), CultureInfo.InvariantCulture)) <= 1e-9 * Math.Abs(want));
}
