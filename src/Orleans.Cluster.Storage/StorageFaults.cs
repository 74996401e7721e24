using Microsoft.Data.Sqlite;
using Npgsql;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>Tells a database that does not answer from one that refuses.</summary>
internal static class StorageFaults
{
    private const string IdleInTransaction = "25P03";
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private const int SqliteReadOnly = 8;
    private const int SqliteInputOutput = 10;
    private const int SqliteFull = 13;
    private const int SqliteCannotOpen = 14;

    /// <summary>The exception to throw instead, or null when this is not about the database being there.</summary>
    public static StorageUnavailableException? AsUnavailable(Exception exception)
    {
        // EF Core wraps what a provider throws, once or twice, depending on the call.
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (IsUnavailable(cause))
            {
                return new StorageUnavailableException($"The database does not answer: {cause.Message}", exception);
            }
        }

        return null;
    }

    /// <summary>
    /// PostgreSQL ended the transaction in favour of another one. It has certainly stored nothing and may run again.
    /// </summary>
    public static bool IsRolledBack(Exception exception) =>
        StateOf(exception) is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    /// <summary>A lock was waited for in vain; nothing is stored.</summary>
    public static bool IsLocked(Exception exception) => StateOf(exception) == PostgresErrorCodes.LockNotAvailable;

    private static string? StateOf(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is PostgresException refused)
            {
                return refused.SqlState;
            }
        }

        return null;
    }

    private static bool IsUnavailable(Exception exception) => exception switch
    {
        PostgresException refused => IsUnavailable(refused.SqlState),
        // Not an answer of the server: no connection, a broken one, a time-out, or none free in the pool.
        NpgsqlException => true,
        SqliteException failed => failed.SqliteErrorCode
            is SqliteBusy or SqliteLocked or SqliteReadOnly or SqliteInputOutput or SqliteFull or SqliteCannotOpen,
        _ => false,
    };

    private static bool IsUnavailable(string state) =>
        state.StartsWith("08", StringComparison.Ordinal) // connection
        || state.StartsWith("53", StringComparison.Ordinal) // out of memory, disk or connections
        || state.StartsWith("57P", StringComparison.Ordinal) // shut down, crashed, starting
        || state.StartsWith("58", StringComparison.Ordinal) // input or output failed
        || state == IdleInTransaction
        || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.QueryCanceled
        or PostgresErrorCodes.LockNotAvailable;
}
