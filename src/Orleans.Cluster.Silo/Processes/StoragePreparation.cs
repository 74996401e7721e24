using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// What must be true of the database before a silo starts. Embedded, the gateway brings the schema up to date and raises the
/// cluster epoch, which shuts out whatever an earlier run has left behind; workers get the epoch through the configuration. With
/// PostgreSQL every process waits until the server answers and <c>migrate</c> has run: after a crash of everything, nobody says
/// in which order things come back.
/// </summary>
internal static class StoragePreparation
{
    /// <summary>After this long a service manager, which starts the process again, should hear of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // What each database of SQLite begins with; an empty file is a new one.
    private static ReadOnlySpan<byte> Beginning => "SQLite format 3\0"u8;

    /// <summary>
    /// Ends a start on files that are no databases, or whose tables cannot be read, before a host is built, which takes
    /// seconds.
    /// </summary>
    /// <exception cref="StartRefusedException">A file is not a database, or is damaged.</exception>
    public static void RefuseDamaged(string stateDirectory)
    {
        foreach (var name in (string[])["cluster.db", "orleans.db"])
        {
            var path = Path.Combine(stateDirectory, name);
            if (!File.Exists(path))
            {
                continue;
            }

            var head = new byte[Beginning.Length];
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (length > 0 && !head.AsSpan(0, length).SequenceEqual(Beginning))
            {
                throw Unusable(stateDirectory, StartFaults.DamagedDatabase(name), null);
            }

            if (length > 0)
            {
                RefuseUnreadable(stateDirectory, name);
            }
        }
    }

    // The first row of each table: its names, and the page that its tree begins with.
    private static void RefuseUnreadable(string stateDirectory, string name)
    {
        var source = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(stateDirectory, name), Mode = SqliteOpenMode.ReadOnly, Pooling = false,
        };
        try
        {
            using var connection = new SqliteConnection(source.ToString());
            connection.Open();
            foreach (var table in Texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"))
            {
                Texts(connection, $"SELECT 1 FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\" LIMIT 1");
            }
        }
        catch (SqliteException e) when (StartFaults.IsDamage(e))
        {
            throw Unusable(stateDirectory, StartFaults.DamagedDatabase(name), e);
        }
    }

    private static List<string> Texts(SqliteConnection connection, string query)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    }

    private static StartRefusedException Unusable(string stateDirectory, string why, Exception? cause) =>
        new($"The database in {Path.GetFullPath(stateDirectory)} cannot be used: {why}", cause);

    public static async Task Run(ConfigurationManager configuration, StorageConnection storage, SiloRole role)
    {
        await using var provider = Services(configuration);
        if (storage.IsEmbedded && role == SiloRole.Worker)
        {
            await SetClock(provider);
            return;
        }

        if (!storage.IsEmbedded)
        {
            var database = provider.GetRequiredService<ClusterDatabase>();
            await Until(() => WhyNotReady(database, provider.GetRequiredService<SchemaMigrator>()));
            await SetClock(provider);
            return;
        }

        var epoch = await Prepare(provider);
        configuration[$"{ClusterSettings.Section}:Epoch"] = epoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<long> Prepare(ServiceProvider provider)
    {
        try
        {
            var migrator = provider.GetRequiredService<SchemaMigrator>();
            await migrator.Migrate(CancellationToken.None);
            await RefuseLater(migrator);
            await SetClock(provider);
            return await provider.GetRequiredService<IClusterEpoch>()
                .Raise(SteadyClock.OfProcess.GetUtcNow(), CancellationToken.None);
        }
        catch (SqliteException exception) when (StartFaults.SentenceOf(exception) is { } why)
        {
            throw Unusable(provider.GetRequiredService<ClusterPaths>().State, why, exception);
        }
    }

    /// <summary>Creates or upgrades the schema, as soon as the database answers.</summary>
    public static Task Migrate(SchemaMigrator migrator) => Until(async () =>
    {
        try
        {
            await migrator.Migrate(CancellationToken.None);
            await RefuseLater(migrator);
            return null;
        }
        catch (StorageUnavailableException exception)
        {
            return exception.Message;
        }
    });

    // What it has stored would be misread, and what is written here might be what it takes for something else.
    private static async Task RefuseLater(SchemaMigrator migrator)
    {
        if (await migrator.FindLater(CancellationToken.None) is { } later)
        {
            throw new StartRefusedException(
                $"The database has the schema of a later version ({later}). Start that version: this one would not "
                + "understand what it has stored.");
        }
    }

    private static async Task SetClock(ServiceProvider provider)
    {
        try
        {
            await ClockSync.Begin(provider.GetRequiredService<IDatabaseClock>(), SteadyClock.OfProcess, CancellationToken.None);
        }
        catch (StorageUnavailableException exception)
        {
            Console.Error.WriteLine(
                $"Warning: The clock begins at the machine's time, since the database did not answer: {exception.Message}");
        }
    }

    private static ServiceProvider Services(ConfigurationManager configuration)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddOptions<ClusterSettings>().Bind(configuration.GetSection(ClusterSettings.Section));
        services.AddSingleton<ClusterPaths>();
        services.AddClusterStorage(configuration);
        return services.BuildServiceProvider();
    }

    private static async Task<string?> WhyNotReady(ClusterDatabase database, SchemaMigrator migrator)
    {
        try
        {
            await RefuseLater(migrator);
            var pending = await database.Read(
                async db => (await db.Database.GetPendingMigrationsAsync()).ToList(), CancellationToken.None);
            return pending.Count == 0 && await HasOrleansTables(database)
                ? null
                : "The database does not have the schema of this version. Run this program with 'migrate' once.";
        }
        catch (StorageUnavailableException exception)
        {
            return exception.Message;
        }
        catch (DbException exception)
        {
            throw new StartRefusedException(
                $"The database of ConnectionStrings:Postgres refuses: {exception.Message}", exception);
        }
    }

    // They come last in a migration.
    private static Task<bool> HasOrleansTables(ClusterDatabase database) => database.Read(
        async db =>
        (await db.Database.SqlQueryRaw<bool>("SELECT to_regclass('orleansstorage') IS NOT NULL AS \"Value\"").ToListAsync())[0],
        CancellationToken.None);

    private static async Task Until(Func<Task<string?>> tryOnce)
    {
        string? said = null;
        var begun = Stopwatch.GetTimestamp();
        for (; await tryOnce() is { } why; await Task.Delay(Pause))
        {
            if (Stopwatch.GetElapsedTime(begun) > Patience)
            {
                throw new StartRefusedException($"Not after {Patience.TotalMinutes:0} minutes: {why}");
            }

            if (why != said)
            {
                Console.Error.WriteLine($"Waiting up to {Patience.TotalMinutes:0} minutes, Ctrl-C ends it: {why}");
                said = why;
            }
        }
    }
}
