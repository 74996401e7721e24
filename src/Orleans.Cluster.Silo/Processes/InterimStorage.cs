using Microsoft.Data.Sqlite;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>How silos reach the database that they share.</summary>
internal sealed record StorageConnection(string OrleansInvariant, string ConnectionString, bool IsEmbedded)
{
    public static StorageConnection Of(IConfiguration configuration, string stateDirectory) =>
        configuration.GetConnectionString("Postgres") is { Length: > 0 } postgres
            ? new StorageConnection("Npgsql", postgres, IsEmbedded: false)
            : new StorageConnection("System.Data.SQLite", $"Data Source={Path.Combine(stateDirectory, "orleans.db")};Default Timeout=10", IsEmbedded: true);

    public void Prepare()
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "interim-orleans-sqlite.sql"));
        command.ExecuteNonQuery();
    }
}
