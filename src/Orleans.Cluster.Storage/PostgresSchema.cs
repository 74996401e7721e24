using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Orleans.Cluster.Storage;

/// <summary>Creates or upgrades the tables in PostgreSQL, one process at a time.</summary>
internal static class PostgresSchema
{
    /// <summary>Any number will do, as long as it is always the same one and nobody else's.</summary>
    private const long LockKey = 0x4F72_6C43_6C75_7374;

    /// <summary>How long to wait for another process that migrates.</summary>
    private const int LockSeconds = 300;

    private const string NoLockTimeout = "SET lock_timeout = 0";

    // Sessions of the pool are handed on as they are.
    private const string FormerLockTimeout = "RESET lock_timeout";
    private static readonly TimeSpan MigrationTimeout = TimeSpan.FromHours(6);

    public static async Task Migrate(
        NpgsqlDataSource source, DbContextOptions<PostgresClusterDbContext> options, CancellationToken cancellationToken)
    {
        try
        {
            // The lock belongs to this session: a process that is killed while it migrates lets go of it with its connection.
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await Execute(connection, NoLockTimeout, cancellationToken);
            await Execute(connection, $"SELECT pg_advisory_lock({LockKey})", cancellationToken);
            try
            {
                // An index over the rows of years takes longer than any other statement may.
                await using var db = new PostgresClusterDbContext(options);
                db.Database.SetCommandTimeout(MigrationTimeout);
                await db.Database.OpenConnectionAsync(cancellationToken);
                await db.Database.ExecuteSqlRawAsync(NoLockTimeout, cancellationToken);
                await db.Database.MigrateAsync(cancellationToken);
                await db.Database.ExecuteSqlRawAsync(FormerLockTimeout, cancellationToken);

                // Several statements in one command are one transaction.
                await Execute(connection, OrleansScript.Postgres, cancellationToken);
            }
            finally
            {
                await Execute(connection, $"SELECT pg_advisory_unlock({LockKey}); {FormerLockTimeout}", CancellationToken.None);
            }
        }
        catch (Exception e) when (StorageFaults.AsUnavailable(e) is { } unavailable)
        {
            throw unavailable;
        }
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = LockSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
