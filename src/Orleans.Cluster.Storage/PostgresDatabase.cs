using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Orleans.Cluster.Storage;

/// <summary>
/// PostgreSQL: a connection of the pool for each piece of work. Calls of many tasks are not put into one transaction here: they
/// would hold each other's row locks, and the server flushes the log for many commits at once by itself.
/// </summary>
internal sealed partial class PostgresDatabase : ClusterDatabase, IAsyncDisposable
{
    private const int MaxTries = 5;
    private static readonly TimeSpan MostIdleInTransaction = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MostWaitForLock = TimeSpan.FromSeconds(10);

    // Sessions of ours in which the server waits, within a transaction, for the rest of what the client has begun to send. Such a
    // session is not idle to the server, and before version 17 it has no other bound for that.
    private static readonly string EndStandingStill = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        SELECT count(pg_terminate_backend(pid)) AS "Value" FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
          AND application_name = current_setting('application_name') AND state = 'active' AND wait_event = 'ClientRead'
          AND GREATEST(xact_start, query_start, state_change)
            < clock_timestamp() - interval '{(int)MostIdleInTransaction.TotalSeconds} s'
        """);

    private readonly NpgsqlDataSource source;
    private readonly DbContextOptions<PostgresClusterDbContext> options;
    private readonly ProcessEpoch epoch;
    private readonly ILogger<PostgresDatabase> logger;

    // A call that finds all connections at work waits here for as long as its caller does: a pool that is used up is not a
    // database that is away.
    private readonly SemaphoreSlim places;

    public PostgresDatabase(string connectionString, ProcessEpoch epoch, ILogger<PostgresDatabase> logger)
    {
        var full = WithDefaults(connectionString);
        source = NpgsqlDataSource.Create(full);
        places = new SemaphoreSlim(new NpgsqlConnectionStringBuilder(full).MaxPoolSize);
        options = new DbContextOptionsBuilder<PostgresClusterDbContext>().UseNpgsql(source).Options;
        (this.epoch, this.logger) = (epoch, logger);
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
            catch (Exception e) when (StorageFaults.IsLocked(e) && attempt == 1)
            {
                await EndWhatStandsStill();
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

    // Somebody has held a row for longer than any transaction of ours takes.
    private async Task EndWhatStandsStill()
    {
        var ended = await ReadNow(async db => (await db.Database.SqlQueryRaw<long>(EndStandingStill).ToListAsync())[0]);
        if (ended > 0)
        {
            Log.Ended(logger, ended);
        }
    }

    /// <summary>
    /// Settings that the connection string leaves open: statements are prepared by themselves, sessions are handed on as they are
    /// (none of ours changes its settings and leaves them changed), a server that is gone is noticed soon, and a silo that stands
    /// still in the middle of a transaction loses it, so that its row locks do not stop the others: between two statements by
    /// <c>idle_in_transaction_session_timeout</c>, and within one of which it has sent a part by whoever waits for such a lock
    /// for as long as <c>lock_timeout</c>.
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
        full.NoResetOnClose = !named.Contains("No Reset On Close") || given.NoResetOnClose;
        full.Options = given.Options;
        AddOption(full, "idle_in_transaction_session_timeout", MostIdleInTransaction);
        AddOption(full, "lock_timeout", MostWaitForLock);
        return full.ConnectionString;
    }

    private static void AddOption(NpgsqlConnectionStringBuilder full, string name, TimeSpan value)
    {
        // As a whole word: deadlock_timeout is another setting.
        if (!Regex.IsMatch(full.Options ?? "", $@"\b{name}\s*=", RegexOptions.IgnoreCase))
        {
            full.Options = string.Create(
                CultureInfo.InvariantCulture, $"{full.Options} -c {name}={(int)value.TotalMilliseconds}").TrimStart();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4010, LogLevel.Warning,
            "{Count} sessions with the database were ended: their silos stood still in the middle of a statement and held rows.")]
        public static partial void Ended(ILogger logger, long count);
    }
}
