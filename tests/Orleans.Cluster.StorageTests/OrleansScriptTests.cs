using System.Data;
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>The texts that Orleans runs, with the parameters that it gives them.</summary>
public sealed class OrleansScriptTests(PostgresFixture postgres)
{
    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public async Task WriteToStorage_ManyFirstWritesAtOnce_OneSucceeds(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);

        for (var grain = 0; grain < 50; grain++)
        {
            var versions = await Task.WhenAll(Enumerable.Range(0, 3)
                .Select(_ => Task.Run(() => Write(storage, $"job-{grain}", version: null))));
            Assert.Equal([null, null, 1], versions.Order());
            Assert.Equal(1, await Run(storage, "ReadFromStorageKey", "Version", Grain($"job-{grain}")));
        }
    }

    [Theory, MemberData(nameof(Both))]
    public async Task WriteToStorage_StaleVersion_IsRefused(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        await Write(storage, "job-1", version: null);

        var second = await Write(storage, "job-1", version: 1);
        var stale = await Write(storage, "job-1", version: 1);
        var absent = await Write(storage, "job-2", version: 1);

        Assert.Equal((2, null, null), (second, stale, absent));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Membership_EachChange_NeedsTheVersionAndRaisesItOnce(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        Assert.Equal(1, await Run(storage, "InsertMembershipVersionKey", null, Deployment));
        Assert.Equal(0, await Run(storage, "InsertMembershipVersionKey", null, Deployment));

        var inserted = await Run(storage, "InsertMembershipKey", null, [.. Silo(1), .. Details, ("Version", 0)]);
        var stale = await Run(storage, "InsertMembershipKey", null, [.. Silo(2), .. Details, ("Version", 0)]);
        var twice = await Run(storage, "InsertMembershipKey", null, [.. Silo(1), .. Details, ("Version", 1)]);
        var updated = await Run(storage, "UpdateMembershipKey", null, [.. Silo(1), .. Changes, ("Version", 1)]);
        var late = await Run(storage, "UpdateMembershipKey", null, [.. Silo(1), .. Changes, ("Version", 1)]);
        await Run(storage, "UpdateIAmAlivetimeKey", null, [.. Silo(1), ("IAmAliveTime", DateTime.UtcNow)]);

        Assert.Equal((1, 0, 0, 1, 0), (inserted, stale, twice, updated, late));
        Assert.Equal(2, await Run(storage, "MembershipReadAllKey", "Version", Deployment));
        Assert.Equal(3, await Run(storage, "MembershipReadRowKey", "Status", Silo(1)));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Membership_ManySilosAtOnceWithOneVersion_OneJoins(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        await Run(storage, "InsertMembershipVersionKey", null, Deployment);

        var joined = await Task.WhenAll(Enumerable.Range(1, 10).Select(n =>
            Task.Run(() => Run(storage, "InsertMembershipKey", null, [.. Silo(n), .. Details, ("Version", 0)]))));

        Assert.Equal(1, joined.Sum());
        Assert.Equal(1, await Run(storage, "MembershipReadAllKey", "Version", Deployment));
    }

    private static (string, object?)[] Deployment => [("DeploymentId", "c-1")];

    private static (string, object?)[] Details =>
    [
        ("SiloName", "s"), ("HostName", "h"), ("Status", 1), ("ProxyPort", 30000), ("StartTime", DateTime.UtcNow),
        ("IAmAliveTime", DateTime.UtcNow),
    ];

    private static (string, object?)[] Changes => [("Status", 3), ("SuspectTimes", ""), ("IAmAliveTime", DateTime.UtcNow)];

    private static (string, object?)[] Silo(int port) =>
        [.. Deployment, ("Address", "127.0.0.1"), ("Port", port), ("Generation", 7)];

    private static (string, object?)[] Grain(string key) =>
    [
        ("GrainIdHash", 1), ("GrainIdN0", 0L), ("GrainIdN1", 0L), ("GrainTypeHash", 2), ("GrainTypeString", "cluster"),
        ("GrainIdExtensionString", key), ("ServiceId", "orleans-cluster"),
    ];

    private static Task<int?> Write(TestStorage storage, string key, int? version) => Run(
        storage, "WriteToStorageKey", "NewGrainStateVersion",
        [.. Grain(key), ("GrainStateVersion", version), ("PayloadBinary", new byte[] { 1, 2 })]);

    /// <returns>The column (the first when not named) of the only row; null when there is none.</returns>
    private static async Task<int?> Run(
        TestStorage storage, string key, string? column, (string Name, object? Value)[] parameters)
    {
        var connection = storage.Services.GetRequiredService<StorageConnection>();
        await using DbConnection database = connection.IsEmbedded
            ? new Microsoft.Data.Sqlite.SqliteConnection(connection.ConnectionString)
            : new Npgsql.NpgsqlConnection(connection.ConnectionString);
        await database.OpenAsync();
        await using var query = database.CreateCommand();
        query.CommandText = $"SELECT QueryText FROM OrleansQuery WHERE QueryKey = '{key}'";
        await using var command = database.CreateCommand();
        command.CommandText = (string)(await query.ExecuteScalarAsync())!;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.DbType = name switch
            {
                "GrainStateVersion" => DbType.Int32,
                "PayloadBinary" => DbType.Binary,
                _ => value switch { int => DbType.Int32, long => DbType.Int64, DateTime => DbType.DateTime, _ => DbType.String },
            };
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            return null;
        }

        var answer = Convert.ToInt32(reader.GetValue(column is null ? 0 : reader.GetOrdinal(column)), null);
        Assert.False(await reader.ReadAsync());
        return answer;
    }
}
