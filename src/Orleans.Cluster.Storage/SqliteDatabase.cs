using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Orleans.Cluster.Storage;

/// <summary>
/// SQLite in WAL mode, shared by several processes: readers never wait; of the writers one is at work at a time, and each process
/// has only one (<see cref="SqliteWriter"/>). Microsoft.Data.Sqlite does not return before a statement is done, so reads run on
/// pool threads.
/// </summary>
internal sealed class SqliteDatabase : ClusterDatabase, IDisposable
{
    private const int MaxReaders = 4;
    private readonly string path;
    private readonly string orleansPath;
    private readonly DbContextOptions<SqliteClusterDbContext> options;
    private readonly DbContextOptions<SqliteClusterDbContext> reading;
    private readonly ConcurrentBag<SqliteClusterDbContext> idle = [];
    private readonly SqliteWriter writer;
    private readonly SemaphoreSlim readers = new(MaxReaders);

    public SqliteDatabase(string path, string orleansPath, ProcessEpoch epoch)
    {
        this.path = path;
        this.orleansPath = orleansPath;
        var connection = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 15 };
        options = new DbContextOptionsBuilder<SqliteClusterDbContext>()
            .UseSqlite(connection.ConnectionString)
            .AddInterceptors(new ConnectionSettings())
            .Options;
        // Readers need none of the settings.
        reading = new DbContextOptionsBuilder<SqliteClusterDbContext>().UseSqlite(connection.ConnectionString).Options;
        writer = new SqliteWriter(() => new SqliteClusterDbContext(options) { Statements = [] }, epoch);
    }

    public override async Task<T> Read<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken)
    {
        await readers.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => ReadNow(work), cancellationToken);
        }
        catch (Exception e) when (StorageFaults.AsUnavailable(e) is { } unavailable)
        {
            throw unavailable;
        }
        finally
        {
            readers.Release();
        }
    }

    public override Task<T> Write<T>(Func<ClusterDbContext, Task<T>> work, T refused, CancellationToken cancellationToken) =>
        writer.Write(work, refused, checkEpoch: true, cancellationToken);

    public override Task<T> WriteInAnyEpoch<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken) =>
        writer.Write(work, default!, checkEpoch: false, cancellationToken);

    public override Task Migrate(CancellationToken cancellationToken) =>
        SqliteSchema.Migrate(path, orleansPath, () => new SqliteClusterDbContext(options), cancellationToken);

    public void Dispose()
    {
        writer.Dispose();
        readers.Dispose();
        while (idle.TryTake(out var db))
        {
            db.Dispose();
        }
    }

    // Connections stay open, with their statements, from one read to the next; one on which a read failed is not used again.
    private async Task<T> ReadNow<T>(Func<ClusterDbContext, Task<T>> work)
    {
        if (!idle.TryTake(out var db))
        {
            db = new SqliteClusterDbContext(reading) { Statements = [] };
        }

        try
        {
            if (db.Database.GetDbConnection().State == ConnectionState.Closed)
            {
                await db.Database.OpenConnectionAsync(); // Once: each call is counted, and would want one that closes.
            }

            var result = await work(db);
            db.ChangeTracker.Clear();
            idle.Add(db);
            return result;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    private sealed class ConnectionSettings : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

        public override Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Apply(connection);
            return Task.CompletedTask;
        }

        // The wait first: what the next statement meets may be another process that repairs the log of one that was killed.
        // FULL: a committed row survives a power cut too, for one flush of the log per group of writes.
        private static void Apply(DbConnection connection)
        {
            SqliteBusyHandler.SetOn((SqliteConnection)connection);
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA synchronous = FULL;";
            command.ExecuteNonQuery();
        }
    }
}
