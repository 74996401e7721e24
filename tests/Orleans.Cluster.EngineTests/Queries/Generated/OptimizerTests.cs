using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// With the rules that tasks leave on, the engine's optimizer makes of a generated query what it means: its rows are those of the
/// engine without an optimizer. <c>ORLEANS_CLUSTER_OPTIMIZED_QUERIES=seed:count</c> makes the long test run these alone.
/// </summary>
public sealed class OptimizerTests
{
    private const int QueriesPerTables = 50;

    // Without an optimizer a few queries multiply all their tables before they look at any row.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const int MostShown = 40;

    [Fact]
    public void Optimized_GeneratedQueries_HaveTheirRows() => Check(50_000_000, 300);

    [Fact]
    [Trait("Category", "Long")]
    public void Optimized_ManyGeneratedQueries_HaveTheirRows()
    {
        var wanted = (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_OPTIMIZED_QUERIES") ?? "60000000:100000").Split(':');
        Check(int.Parse(wanted[0], CultureInfo.InvariantCulture), int.Parse(wanted[1], CultureInfo.InvariantCulture));
    }

    private static void Check(int first, int count)
    {
        var (same, found) = (0, new List<string>());
        for (var seed = first; seed < first + count;)
        {
            var block = seed / QueriesPerTables;
            using var tables = new Tables(block);
            for (; seed < first + count && seed / QueriesPerTables == block; seed++)
            {
                var (query, isOrdered) = GeneratedQuery.Of(seed, block);
                var (compared, difference) = tables.Compare(query, isOrdered);
                same += compared && difference is null ? 1 : 0;
                if (difference is not null)
                {
                    found.Add($"{seed}: {difference}\n    {query}");
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage($"Same: {same} of {count}");
        Assert.True(found.Count == 0, $"{found.Count} of {count}:\n{string.Join('\n', found.Take(MostShown))}");
        Assert.True(same > count * 3 / 4, $"Only {same} of {count} could be compared.");
    }

    // Parquet files, as tasks read them.
    private sealed class Tables : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-cluster-optimizer-");
        private readonly DuckDBConnection engine = new("DataSource=:memory:");

        public Tables(int seed)
        {
            engine.Open();
            Execute("SET threads = 1");
            var random = new Random(seed);
            foreach (var (name, columns) in GeneratedTables.Of(seed))
            {
                var path = SqlText.Literal(Path.Combine(folder.FullName, name + ".parquet"));
                Execute(GeneratedTables.Create(name, columns, random));
                Execute($"COPY {name} TO {path} (FORMAT parquet)");
                Execute($"DROP TABLE {name}");
                Execute($"CREATE VIEW {name} AS SELECT * FROM read_parquet({path})");
            }
        }

        /// <summary>Whether both ways give rows, and what is different in them.</summary>
        public (bool IsCompared, string? Difference) Compare(string query, bool isOrdered)
        {
            try
            {
                var count = Read($"DESCRIBE {query}", _ => 0).Count;
                var texts = string.Join(", ", Enumerable.Range(0, count).Select(index => $"CAST(c{index} AS VARCHAR)"));
                var aliases = string.Join(", ", Enumerable.Range(0, count).Select(index => $"c{index}"));
                var sql = $"SELECT {texts} FROM ({query}) AS q({aliases})";
                Execute("PRAGMA disable_optimizer");
                var expected = Read(sql, RowTexts.Of);
                Execute("PRAGMA enable_optimizer");
                Execute($"SET disabled_optimizers = '{EngineFaults.Rules(EngineFaults.ChoosesRows(query))}'");
                return (true, RowTexts.Difference(expected, Read(sql, RowTexts.Of), isOrdered));
            }
            catch (Exception e) when (e is OperationCanceledException
                || (e is DuckDBException && !e.Message.Contains("INTERNAL", StringComparison.Ordinal)))
            {
                // No query, one that fails, which is said, or one that takes too long.
                return (false, null);
            }
        }

        public void Dispose()
        {
            engine.Dispose();
            folder.Delete(recursive: true);
        }

        private void Execute(string sql) => engine.Execute(sql);

        private List<T> Read<T>(string sql, Func<DuckDBDataReader, T> row)
        {
            using var command = engine.CreateCommand();
            command.CommandText = sql;
            using var end = new Timer(_ => command.Cancel(), null, Patience, Timeout.InfiniteTimeSpan);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(row(reader));
            }

            return rows;
        }
    }
}
