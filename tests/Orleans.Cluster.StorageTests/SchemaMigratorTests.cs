using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

public sealed class SchemaMigratorTests(PostgresFixture postgres)
{
    /// <summary>What Orleans 10.4 asks for at start; without one of them a silo does not start.</summary>
    private static readonly string[] OrleansKeys =
    [
        "CleanupDefunctSiloEntriesKey", "ClearStorageKey", "DeleteMembershipTableEntriesKey", "DeleteStorageKey",
        "GatewaysQueryKey",
        "InsertMembershipKey", "InsertMembershipVersionKey", "MembershipReadAllKey", "MembershipReadRowKey", "ReadFromStorageKey",
        "UpdateIAmAlivetimeKey", "UpdateMembershipKey", "WriteToStorageKey",
    ];

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task Migrate_FromManyProcessesAtOnceAndAgain_MakesOneSchema(Database database)
    {
        await using var storage = await TestStorage.CreateEmpty(database, postgres);
        var processes = Enumerable.Range(0, 4).Select(_ => storage.AddProcess()).ToList();

        await Task.WhenAll(processes.Select(process =>
            Task.Run(() => process.GetRequiredService<SchemaMigrator>().Migrate(CancellationToken.None))));
        await processes[0].GetRequiredService<SchemaMigrator>().Migrate(default);

        Assert.True(await storage.Jobs.Ping(default));
        Assert.Equal(OrleansKeys, await ReadOrleansKeys(storage));
        Assert.Empty(await storage.Database.Read(
            async db => (await db.Database.GetPendingMigrationsAsync()).ToList(), default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Model_ComparedWithMigrations_HasNoPendingChange(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);

        Assert.False(await storage.Database.Read(db => Task.FromResult(db.Database.HasPendingModelChanges()), default));
    }

    [Fact]
    public async Task Migrate_AfterAnEarlierOneWasKilled_DoesNotWaitForItsLock()
    {
        await using var storage = await TestStorage.Create(Database.Sqlite, postgres);
        await storage.Database.WriteInAnyEpoch(
            db => db.Database.ExecuteSqlRawAsync(
                """
                CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT OR IGNORE INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """),
            default);

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await storage.AddProcess().GetRequiredService<SchemaMigrator>().Migrate(deadline.Token);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Ping_WithoutTables_IsFalse(Database database)
    {
        await using var storage = await TestStorage.CreateEmpty(database, postgres);

        Assert.False(await storage.Jobs.Ping(default));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task FindLater_AMigrationThatThisVersionDoesNotHave_IsNamed(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var migrator = storage.Services.GetRequiredService<SchemaMigrator>();
        Assert.Null(await migrator.FindLater(default));

        await storage.Database.WriteInAnyEpoch(
            db => db.Database.ExecuteSqlRawAsync(
                """INSERT INTO "__EFMigrationsHistory" VALUES ('99990101000000_OfTomorrow', '99.0')"""),
            default);

        Assert.Equal("99990101000000_OfTomorrow", await migrator.FindLater(default));
    }

    private static async Task<List<string>> ReadOrleansKeys(TestStorage storage)
    {
        var connection = storage.Services.GetRequiredService<StorageConnection>();
        await using DbConnection database = connection.IsEmbedded
            ? new Microsoft.Data.Sqlite.SqliteConnection(connection.ConnectionString)
            : new Npgsql.NpgsqlConnection(connection.ConnectionString);
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = "SELECT QueryKey FROM OrleansQuery ORDER BY QueryKey";
        await using var reader = await command.ExecuteReaderAsync();
        var keys = new List<string>();
        while (await reader.ReadAsync())
        {
            keys.Add(reader.GetString(0));
        }

        return keys;
    }
}
