using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Orleans.Cluster.Storage;

/// <summary>
/// PostgreSQL: a connection of the pool for each piece of work. Calls of many tasks are not put into one transaction here: they
/// would hold each other's row locks, and the server flushes the log for many commits at once by itself.
/// </summary>
internal sealed class PostgresDatabase : ClusterDatabase, IAsyncDisposable
{
    private const int MaxTries = 5;
    private static readonly TimeSpan MostIdleInTransaction = TimeSpan.FromSeconds(10);
    private readonly NpgsqlDataSource source;
    private readonly DbContextOptions<PostgresClusterDbContext> options;
    private readonly ProcessEpoch epoch;

    // A call that finds all connections at work waits here for as long as its caller does: a pool that is used up is not a
    // database that is away.
    private readonly SemaphoreSlim places;

    public PostgresDatabase(string connectionString, ProcessEpoch epoch)
    {
        var full = WithDefaults(connectionString);
        source = NpgsqlDataSource.Create(full);
        places = new SemaphoreSlim(new NpgsqlConnectionStringBuilder(full).MaxPoolSize);
        options = new DbContextOptionsBuilder<PostgresClusterDbContext>().UseNpgsql(source).Options;
        this.epoch = epoch;
    }

    public override Task<T> Read<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken) =>
        InPlace(() => ReadNow(work), cancellationToken);

    private async Task<T> ReadNow<T>(Func<ClusterDbContext, Task<T>> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var db = new PostgresClusterDbContext(options);
                return await work(db);
            }
            catch (Exception e) when (StorageFaults.AsUnavailable(e) is { } unavailable)
            {
                // A pooled connection may be left from before the server started again; one on a fresh connection is the truth.
                if (attempt == 2)
                {
                    throw unavailable;
                }

                source.Clear();
            }
        }
    }

    public override Task<T> Write<T>(Func<ClusterDbContext, Task<T>> work, T refused, CancellationToken cancellationToken) =>
        InPlace(() => Write(work, refused, checkEpoch: true, cancellationToken), cancellationToken);

    public override Task<T> WriteInAnyEpoch<T>(Func<ClusterDbContext, Task<T>> work, CancellationToken cancellationToken) =>
        InPlace(() => Write(work, default!, checkEpoch: false, cancellationToken), cancellationToken);

    public override Task Migrate(CancellationToken cancellationToken) =>
        PostgresSchema.Migrate(source, options, cancellationToken);

    public ValueTask DisposeAsync()
    {
        places.Dispose();
        return source.DisposeAsync();
    }

    private async Task<T> InPlace<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            places.Release();
        }
    }

    private async Task<T> Write<T>(
        Func<ClusterDbContext, Task<T>> work, T refused, bool checkEpoch, CancellationToken cancellationToken)
    {
        var reconnected = false;
        for (var attempt = 1; ; attempt++)
        {
            var sent = false;
            try
            {
                await using var db = new PostgresClusterDbContext(options);
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

                // No lock on the epoch: a commit in flight while it is raised was right when it began and is still guarded by its
                // attempt.
                if (!await epoch.IsCurrent(db, cancellationToken) && checkEpoch)
                {
                    return refused;
                }

                sent = true;
                var result = await work(db);
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            }
            catch (Exception e) when (StorageFaults.IsRolledBack(e) && attempt < MaxTries)
            {
                await Task.Delay(Random.Shared.Next(5, 20 * attempt), cancellationToken);
            }
            catch (Exception e) when (StorageFaults.AsUnavailable(e) is { } unavailable)
            {
                // Once the work has begun, nobody knows what became of it: the caller reads the rows to find out. Before, it is
                // safe to try again, on a connection that is not left from before the server started again.
                if (sent || reconnected)
                {
                    throw unavailable;
                }

                reconnected = true;
                source.Clear();
            }
        }
    }

    /// <summary>
    /// Settings that the connection string leaves open: statements are prepared by themselves, a server that is gone is noticed
    /// soon, and a silo that stands still in the middle of a transaction loses it, so that its row locks do not stop the others.
    /// </summary>
    public static string WithDefaults(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);

        // Its own ContainsKey says yes to every keyword that there is.
        var named = given.Keys.Cast<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var full = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = given.ApplicationName
            ?? "Orleans.Cluster" };
        full.Timeout = named.Contains("Timeout") ? given.Timeout : 5;
        full.CommandTimeout = named.Contains("Command Timeout") ? given.CommandTimeout : 20;
        full.MaxAutoPrepare = named.Contains("Max Auto Prepare") ? given.MaxAutoPrepare : 100;
        full.AutoPrepareMinUsages = named.Contains("Auto Prepare Min Usages") ? given.AutoPrepareMinUsages : 2;
        full.MaxPoolSize = named.Contains("Maximum Pool Size") ? given.MaxPoolSize : 20;
        full.Options = given.Options?.Contains("idle_in_transaction_session_timeout", StringComparison.OrdinalIgnoreCase) == true
            ? given.Options
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{given.Options} -c idle_in_transaction_session_timeout={(int)MostIdleInTransaction.TotalMilliseconds}")
                .TrimStart();
        return full.ConnectionString;
    }
}
