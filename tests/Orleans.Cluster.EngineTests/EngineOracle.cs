using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Tables as files for jobs, and beside them a single engine with one thread that says what is right.</summary>
internal sealed class EngineOracle : IDisposable
{
    private readonly DuckDBConnection engine = new("DataSource=:memory:");
    private readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> tables;

    /// <param name="tables">Column names and types by table.</param>
    /// <param name="fill">Makes the tables in the single engine; they are written as CSV for the jobs.</param>
    public EngineOracle(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> tables, Action<DuckDBConnection> fill)
    {
        this.tables = tables;
        engine.Open();
        Execute(engine, "SET threads = 1");
        fill(engine);
        foreach (var table in tables.Keys)
        {
            Execute(engine, $"COPY {table} TO {SqlText.Literal(PathOf(table))} (HEADER true)");
        }
    }

    public EngineHarness Harness { get; } = new() { CoalesceBytes = 1 };

    /// <summary>Runs a statement; answers the rows that it wrote.</summary>
    public static int Execute(DuckDBConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>A <c>sql</c> job over the tables.</summary>
    public JobSpec Job(string query, int partitions) => new()
    {
        Operation = OperationKind.Sql,
        Sources = tables.ToDictionary(
            table => table.Key,
            table => new SourceSpec
            {
                Path = [PathOf(table.Key)],
                Format = SourceFormat.Csv,
                Options = new SourceOptions { Columns = table.Value },
            }),
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
        Parameters = JsonSerializer.SerializeToElement(new { query }),
    };

    /// <summary>Plans and runs a query; answers its plan, its rows, and those that are right.</summary>
    public async Task<(JobPlan Plan, JsonElement Expected, JsonElement Actual)> Run(
        string query, int partitions, PlanLimits limits)
    {
        var spec = Job(query, partitions);
        var plan = await Harness.Plan(spec, limits);
        return (plan, await Expected(query, plan), await Harness.Run(plan, spec));
    }

    /// <summary>Integers, decimals and text are the same, row by row; doubles to nine digits.</summary>
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
        engine.Dispose();
        Harness.Dispose();
    }

    private string PathOf(string table) => Path.Combine(Harness.Folder, table + ".csv");

    private async Task<JsonElement> Expected(string query, JobPlan plan)
    {
        var path = Path.Combine(Harness.Folder, $"{Guid.NewGuid():N}.parquet");
        var columns = plan.Columns.Select((column, index) => $"CAST(c{index} AS {column.Type}) AS {SqlText.Name(column.Name)}");
        var names = string.Join(", ", Enumerable.Range(0, plan.Columns.Count).Select(index => $"c{index}"));
        var rows = Execute(
            engine, $"COPY (SELECT {string.Join(", ", columns)} FROM ({query}) AS q({names})) TO {SqlText.Literal(path)} (FORMAT "
            + "parquet)");
        var bytes = await File.ReadAllBytesAsync(path);
        var artifact = new ArtifactRef(
            new AttemptId(new TaskId(JobId.New(), 0, 0), 1), path, rows, bytes.Length,
            Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return await Harness.Export(plan, [artifact]);
    }

    private static bool IsSame(JsonElement one, JsonElement other) =>
        one.ToString() == other.ToString()
        || (one.ValueKind == JsonValueKind.Number && other.ValueKind == JsonValueKind.Number
            && double.Parse(one.GetRawText(), CultureInfo.InvariantCulture) is var want
            && Math.Abs(want - double.Parse(other.GetRawText(), CultureInfo.InvariantCulture)) <= 1e-9 * Math.Abs(want));
}
