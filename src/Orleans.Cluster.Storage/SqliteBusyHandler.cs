using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Orleans.Cluster.Storage;

/// <summary>
/// How a writer waits while another process writes: it tries again each millisecond. SQLite's own wait (<c>busy_timeout</c>)
/// doubles its pauses up to 100 ms and knows no order, so that among five writers the one that has waited longest is the least
/// likely to be next; the provider's own, without either, pauses for 150 ms.
/// </summary>
internal static class SqliteBusyHandler
{
    private const int MaxTries = 5000;

    // Held for as long as the process lives: SQLite keeps only its address.
    private static readonly Callback Wait = static (_, tries) =>
    {
        if (tries >= MaxTries)
        {
            return 0;
        }

        Thread.Sleep(1);
        return 1;
    };

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Callback(nint state, int tries);

    /// <summary>Waits like that on this connection, about five seconds at most.</summary>
    public static void SetOn(SqliteConnection connection)
    {
        if (Set(connection.Handle!, Wait, 0) is not raw.SQLITE_OK and var code)
        {
            throw new SqliteException($"The busy handler was not set: {code}.", code);
        }
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_busy_handler", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(sqlite3 connection, Callback callback, nint state);
}
