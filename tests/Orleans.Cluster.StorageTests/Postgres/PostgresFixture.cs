using Orleans.Cluster.StorageTests.Postgres;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Orleans.Cluster.StorageTests.Postgres;

/// <summary>
/// One private server for all tests that do not stop it; started by the first that asks. Each test has a database of its own.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim starting = new(1);
    private PostgresServer? server;
    private int databases;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        starting.Dispose();
    }

    /// <summary>
    /// Connection string of a new, empty database. Skips the test on a laptop without PostgreSQL; fails it in CI.
    /// </summary>
    internal async Task<string> CreateDatabase()
    {
        SkipUnlessInstalled();
        await starting.WaitAsync();
        try
        {
            server ??= await PostgresServer.Create();
        }
        finally
        {
            starting.Release();
        }

        return await server.CreateDatabase($"test_{Interlocked.Increment(ref databases)}");
    }

    /// <summary>Whether tests must run on PostgreSQL here: it is installed, or this is CI, where it must be.</summary>
    internal static bool IsExpected =>
        PostgresServer.IsInstalled
        || string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    internal static void SkipUnlessInstalled() => Assert.SkipUnless(IsExpected, "PostgreSQL is not installed on this machine.");
}
