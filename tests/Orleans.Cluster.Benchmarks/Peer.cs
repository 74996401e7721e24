using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>One DuckDB on all processors, with memory enough: what answers and times are compared with.</summary>
internal static class Peer
{
    /// <summary>The first row of a query, its values parted by bars; empty when there is none.</summary>
    public static string Row(string sql, string folder)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SET threads = {Environment.ProcessorCount}; SET memory_limit = '4GiB'; SET temp_directory = "
            + $"{SqlText.Literal(Path.Combine(folder, "peer-spill"))}";
        command.ExecuteNonQuery();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        return reader.Read()
            ? string.Join(
                '|', Enumerable.Range(0, reader.FieldCount)
                .Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)))
            : "";
    }
}
