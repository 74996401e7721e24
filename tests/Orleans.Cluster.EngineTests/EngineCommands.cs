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

    public static List<T> Read<T>(this DuckDBConnection engine, string sql, Func<DuckDBDataReader, T> row)
    {
        using var command = engine.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }
}
