using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>What came of a query: right, refused by name, or no query at all for the single engine either.</summary>
internal enum Verdict
{
    Same,
    Refused,
    NoQuery,
    Different,
}

/// <summary>
/// Runs generated queries over one set of tables, in stages and in one engine with one thread, and compares names, types and
/// rows.
/// </summary>
internal sealed class QueryComparison : IDisposable
{
    // What one engine fails with too when its optimizer has it look at what no row comes to: a cast that there is not, a variance
    // of infinite values.
    private static readonly string[] Unreached = ["Unimplemented type for cast", "is out of range!"];

    // Without an optimizer a few queries multiply all their tables before they look at any row.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DuckDBConnection engine = new("DataSource=:memory:");
    private readonly EngineHarness harness = new() { CoalesceBytes = 1 };
    private readonly Dictionary<int, IReadOnlyDictionary<string, PlannedDataset>> datasets = [];

    private QueryComparison() => engine.Open();

    /// <summary>Queries of which a stage drops rows by the keys of another.</summary>
    public int PlansWithKeys { get; private set; }

    /// <summary>Tables of a seed, as Parquet files for jobs.</summary>
    public static async Task<QueryComparison> Of(int seed)
    {
        var comparison = new QueryComparison();
        var random = new Random(seed);
        comparison.Execute("SET threads = 1");

        // What the query means, and not what some rule of the optimizer has made of it.
        comparison.Execute("PRAGMA disable_optimizer");
        var whole = new Dictionary<string, PlannedDataset>();
        var parted = new Dictionary<string, PlannedDataset>();
        var many = new Dictionary<string, PlannedDataset>();
        foreach (var (name, columns) in GeneratedTables.Of(seed))
        {
            comparison.Execute(GeneratedTables.Create(name, columns, random));
            var path = Path.Combine(comparison.harness.Folder, name + ".parquet");
            comparison.Execute($"COPY {name} TO {SqlText.Literal(path)} (FORMAT parquet)");
            var source = new SourceSpec { Path = [path], Format = SourceFormat.Parquet };
            whole[name] = await comparison.harness.Dataset(source, new PartitioningSpec());
            parted[name] = Parted(whole[name], 5, random);
            many[name] = Parted(whole[name], 40, random);
        }

        comparison.datasets[1] = whole;
        comparison.datasets[5] = parted;
        comparison.datasets[40] = many;
        return comparison;
    }

    /// <summary>What came of a query, and what is to be known of it.</summary>
    public async Task<(Verdict Verdict, string Detail)> Check(string query, bool isOrdered, int partitions, PlanLimits limits)
    {
        IReadOnlyList<(string Name, string Type)> columns;
        try
        {
            columns = Read($"DESCRIBE {query}", reader => (reader.GetString(0), reader.GetString(1)));
        }
        catch (DuckDBException unbound)
        {
            return (Verdict.NoQuery, unbound.Message);
        }

        JobPlan plan;
        try
        {
            // Who asks for partitions gets them; these tables are so small that one task would do all.
            var spec = new JobSpec
            {
                Partitioning = new PartitioningSpec { MinPartitions = partitions },
                Operation = OperationKind.Sql, Parameters = System.Text.Json.JsonSerializer.SerializeToElement(new { query }),
            };
            plan = await new QueryPlanner(harness, limits).Plan(spec, datasets[partitions], CancellationToken.None);
        }
        catch (ClusterException refused)
        {
            return (Verdict.Refused, refused.Problem.Errors is { Count: > 0 } errors ? errors[0].Detail : refused.Message);
        }

        PlansWithKeys += plan.Stages.Any(stage => stage.Note?.Contains("is among the keys of", StringComparison.Ordinal) == true)
            ? 1 : 0;
        var names = ResultNames.Unique(columns.Select(column => column.Name));
        var types = columns.Select(column => StoredType.InResult(column.Type));
        if (!plan.Columns.SequenceEqual(names.Zip(types, (name, type) => new ColumnSchema(name, type))))
        {
            return (Verdict.Different, $"Columns are {string.Join(", ", plan.Columns)} and not {string.Join(", ", columns)}.");
        }

        return await Rows(query, isOrdered, plan);
    }

    public void Dispose()
    {
        engine.Dispose();
        harness.Dispose();
    }

    private async Task<(Verdict Verdict, string Detail)> Rows(string query, bool isOrdered, JobPlan plan)
    {
        var texts = string.Join(
            ", ", plan.Columns.Select((column, index) => $"CAST(CAST(c{index} AS {column.Type}) AS VARCHAR)"));
        var aliases = string.Join(", ", plan.Columns.Select((_, index) => $"c{index}"));
        var (expected, fault) = Try($"SELECT {texts} FROM ({query}) AS q({aliases})", RowTexts.Of);
        var (optimized, optimizedFault) = Optimized($"SELECT {texts} FROM ({query}) AS q({aliases})");

        // What fails only where nothing is left out has the rows that there are where something is.
        expected ??= optimized;
        if (expected is null)
        {
            return (Verdict.NoQuery, fault!);
        }

        IReadOnlyList<string> files;
        try
        {
            await harness.Run(plan, new JobSpec { Operation = OperationKind.Sql });
            files = [.. harness.LastFiles.Select(file => file.Path)];
        }
        catch (ClusterException failed) when (Unreached.Any(unreached =>
            failed.Message.Contains(unreached, StringComparison.Ordinal)
            && $"{fault}\n{optimizedFault}".Contains(unreached, StringComparison.Ordinal)))
        {
            return (Verdict.NoQuery, failed.Message);
        }
        catch (ClusterException failed)
        {
            return (Verdict.Different, $"The job failed: {failed.Message}");
        }

        List<string?[]> actual = [];
        foreach (var file in files)
        {
            actual.AddRange(
                Read($"SELECT {texts} FROM read_parquet({SqlText.Literal(file)}, hive_partitioning = false) AS q({aliases})",
                    RowTexts.Of));
        }

        return RowTexts.Difference(expected, actual, isOrdered) is { } difference
            ? (Verdict.Different, difference)
            : (Verdict.Same, "");
    }

    private (List<string?[]>? Rows, string? Fault) Optimized(string sql)
    {
        Execute("PRAGMA enable_optimizer");
        try
        {
            return Try(sql, RowTexts.Of);
        }
        finally
        {
            Execute("PRAGMA disable_optimizer");
        }
    }

    private (List<T>? Rows, string? Fault) Try<T>(string sql, Func<DuckDBDataReader, T> row)
    {
        try
        {
            return (Read(sql, row), null);
        }
        catch (Exception failed) when (failed is DuckDBException or OperationCanceledException)
        {
            return (null, failed.Message);
        }
    }

    // Parts of chance, of which some have no row.
    private static PlannedDataset Parted(PlannedDataset whole, int partitions, Random random)
    {
        if (whole.Partitions is not [{ Slices: [var slice] } only])
        {
            return whole;
        }

        var cuts = Enumerable.Range(0, partitions - 1)
            .Select(_ => random.NextInt64(slice.Start, slice.End + 1)).Prepend(slice.Start).Append(slice.End).Order().ToList();
        return whole with
        {
            Partitions =
            [
                .. cuts.Zip(cuts.Skip(1)).Select((range, index) => only with
                {
                    Index = index,
                    Slices = [slice with { Start = range.First, End = range.Second, Rows = range.Second - range.First }],
                    EstimatedRows = range.Second - range.First,
                }),
            ],
        };
    }

    private void Execute(string sql) => engine.Execute(sql);

    private List<T> Read<T>(string sql, Func<DuckDBDataReader, T> row) => engine.Read(sql, row, Patience);
}
