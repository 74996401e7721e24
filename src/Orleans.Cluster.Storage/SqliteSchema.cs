using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>Creates or upgrades the files of the embedded default, one process at a time.</summary>
internal static class SqliteSchema
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(50);

    public static async Task Migrate(
        string path, string orleansPath, Func<SqliteClusterDbContext> open, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            // The system lets go of a lock on a file when its process ends, however it ends.
            await using var only = await Lock($"{path}.migrate", cancellationToken);
            await MigrateJobs(open, cancellationToken);
            await MigrateOrleans(orleansPath, cancellationToken);
        }
        catch (Exception e) when (StorageFaults.AsUnavailable(e) is { } unavailable)
        {
            throw unavailable;
        }
    }

    private static async Task MigrateJobs(Func<SqliteClusterDbContext> open, CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Database.OpenConnectionAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);

        // EF Core's own lock is a row in a table: a process killed while it migrated would leave it there, and every later start
        // would wait for ever. Nobody else migrates while we hold the lock on the file, so a row found here is such a one.
        await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    private static async Task MigrateOrleans(string path, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await Execute(connection, "PRAGMA journal_mode = WAL", cancellationToken); // Not possible inside a transaction.
        await Execute(connection, $"BEGIN IMMEDIATE;\n{OrleansScript.Sqlite}\nCOMMIT;", cancellationToken);
    }

    private static async Task Execute(SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new SqliteCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<FileStream> Lock(string path, CancellationToken cancellationToken)
    {
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e)
            {
                if (System.Diagnostics.Stopwatch.GetElapsedTime(begun) > LockTimeout)
                {
                    throw new StorageUnavailableException(
                        $"Another process has been migrating for {LockTimeout}: {path} is locked.", e);
                }
            }

            await Task.Delay(LockPoll, cancellationToken);
        }
    }
}
