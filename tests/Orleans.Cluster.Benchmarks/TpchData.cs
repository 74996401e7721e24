using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.EngineTests;
using Orleans.Cluster.EngineTests.Tpch;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// The eight tables of TPC-H in Parquet: the benchmark's own files of scale 0.01 where they lie beside the repository, else those
/// that the tests make, a hundred times with keys of their own, so that rows of one copy meet no others.
/// </summary>
internal static class TpchData
{
    private const int Copies = 100;

    // The columns of each table that are shifted, and the table whose keys they are.
    private static readonly Dictionary<string, (string Column, string Of)[]> Keys = new()
    {
        ["region"] = [],
        ["nation"] = [],
        ["supplier"] = [("s_suppkey", "supplier")],
        ["customer"] = [("c_custkey", "customer")],
        ["part"] = [("p_partkey", "part")],
        ["partsupp"] = [("ps_partkey", "part"), ("ps_suppkey", "supplier")],
        ["orders"] = [("o_orderkey", "orders"), ("o_custkey", "customer")],
        ["lineitem"] = [("l_orderkey", "orders"), ("l_partkey", "part"), ("l_suppkey", "supplier")],
    };

    /// <summary>Makes the files that are not there.</summary>
    /// <returns>A file for each table.</returns>
    public static IReadOnlyDictionary<string, string> Write(string folder)
    {
        var files = Keys.Keys.ToDictionary(table => table, table => Path.Combine(folder, $"tpch-{table}.parquet"));
        if (files.Values.All(File.Exists))
        {
            return files;
        }

        using var database = new DuckDBConnection("DataSource=:memory:");
        database.Open();
        if (TpchTables.SharedFolder is { } shared)
        {
            TpchTables.Load(database, shared);
        }
        else
        {
            TpchTables.Generate(database);
        }

        foreach (var (table, keys) in Keys)
        {
            var shifted = string.Join(
                ", ", keys.Select(key =>
                    $"{key.Column} + c * (SELECT max({Keys[key.Of][0].Column}) FROM {key.Of}) AS {key.Column}"));
            var rows = keys.Length == 0 ? table
                : $"(SELECT * EXCLUDE c REPLACE ({shifted}) FROM {table}, range({Copies}) AS copies(c) ORDER BY c)";
            database.Execute($"COPY (FROM {rows}) TO {SqlText.Literal(files[table])} (FORMAT parquet)");
        }

        return files;
    }

    /// <summary>The queries, as jobs and for the peer.</summary>
    public static IEnumerable<TableCase> Cases(IReadOnlyDictionary<string, string> files) =>
        Enumerable.Range(1, 22).Select(number =>
        {
            var query = TpchQueries.Text(number);
            return new TableCase(
                $"TPC-H {number}",
                new JobSpec
                {
                    Operation = OperationKind.Sql,
                    Sources = files.ToDictionary(file => file.Key, file => new SourceSpec { Path = [file.Value] }),
                    Parameters = System.Text.Json.JsonSerializer.SerializeToElement(new { query }),
                },
                $"FROM ({query})", "geometric mean <= 1.5, each <= 3 or 80 ms more")
            {
                PeerSetup = string.Concat(files.Select(file =>
                    $"CREATE VIEW {file.Key} AS FROM {SqlText.Literal(file.Value)}; ")),
            };
        });
}
