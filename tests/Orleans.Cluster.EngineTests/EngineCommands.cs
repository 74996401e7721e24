using DuckDB.NET.Data;

namespace Orleans.Cluster.EngineTests;

/// <summary>Statements of one engine.</summary>
internal static class EngineCommands
{
    public static void Execute(this DuckDBConnection engine, string sql)
    {
        using var command = engine.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Rows of a query, which is ended when it takes longer than that; null for as long as it takes.</summary>
    public static List<T> Read<T>(
        this DuckDBConnection engine, string sql, Func<DuckDBDataReader, T> row, TimeSpan? patience = null)
    {
        using var command = engine.CreateCommand();
        command.CommandText = sql;
        using var end = patience is { } time
            ? new Timer(_ => command.Cancel(), null, time, Timeout.InfiniteTimeSpan) : null;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }
}
