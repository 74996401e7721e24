using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The two SQLite files. What is still in a file's log is in its copy too: copying the files themselves would lose it.
/// </summary>
internal sealed class SqliteBackup(ClusterPaths paths) : IDatabaseBackup
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private IReadOnlyList<string> Files => [StorageConnection.JobsPath(paths), StorageConnection.OrleansPath(paths)];

    public string Kind => "sqlite";

    public string SchemaVersion
    {
        get
        {
            using var db = new SqliteClusterDbContext(new DbContextOptionsBuilder<SqliteClusterDbContext>().UseSqlite().Options);
            return db.Database.GetMigrations().Last();
        }
    }

    public async Task Save(string folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(StorageConnection.JobsPath(paths)))
        {
            throw new StartRefusedException(
                $"There is no database in {paths.State}. Name the cluster's folder with --Cluster:StateDirectory=..., or give "
                + "ConnectionStrings:Postgres.");
        }

        foreach (var file in Files.Where(File.Exists))
        {
            var connection = new SqliteConnectionStringBuilder
            {
                DataSource = file, Pooling = false, DefaultTimeout = (int)Patience.TotalSeconds,
            };
            await using var database = new SqliteConnection(connection.ConnectionString);
            await database.OpenAsync(cancellationToken);
            await using var command = database.CreateCommand();
            command.CommandText = "VACUUM INTO $copy";
            command.Parameters.AddWithValue("$copy", Path.Combine(folder, Path.GetFileName(file)));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public Task Restore(string folder, CancellationToken cancellationToken)
    {
        if (Files.FirstOrDefault(File.Exists) is { } taken)
        {
            throw new StartRefusedException(
                $"{taken} exists. Restore into an empty state directory, or move that one away first.");
        }

        Directory.CreateDirectory(paths.State);
        foreach (var file in Files.Where(file => File.Exists(Path.Combine(folder, Path.GetFileName(file)))))
        {
            File.Copy(Path.Combine(folder, Path.GetFileName(file)), file);
        }

        return Task.CompletedTask;
    }
}
