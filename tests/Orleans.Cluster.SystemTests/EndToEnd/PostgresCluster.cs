using Npgsql;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The same processes over a PostgreSQL server of their own, whose schema the <c>migrate</c> command makes.</summary>
public class PostgresCluster : EmbeddedCluster
{
    private static readonly TimeSpan MigrateWithin = TimeSpan.FromSeconds(60);
    internal const string DatabaseName = "orleans_cluster";
    private PostgresServer? server;
    private string? connection;

    internal PostgresServer Server => server ?? throw new InvalidOperationException("The cluster was not started yet.");

    protected override IReadOnlyList<string> Settings => [$"--ConnectionStrings:Postgres={connection}"];

    public override ValueTask InitializeAsync() => PostgresFixture.IsExpected ? base.InitializeAsync() : ValueTask.CompletedTask;

    public override async Task StartAsync()
    {
        if (server is null)
        {
            server = await PostgresServer.Create();
            connection = await server.CreateDatabase(DatabaseName);
            await MigrateAsync();
        }

        await base.StartAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Transactions of the server so far that have written something, this question among them.</summary>
    public async Task<long> TransactionsAsync()
    {
        await using var connection = new NpgsqlConnection(Server.ConnectionStringOf(DatabaseName));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT txid_current()", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task MigrateAsync()
    {
        using var migrate = Launch(["migrate", .. Settings]);
        var (output, errors) = (migrate.StandardOutput.ReadToEndAsync(), migrate.StandardError.ReadToEndAsync());
        await migrate.WaitForExitAsync().WaitAsync(MigrateWithin);
        Assert.True(migrate.ExitCode == 0, $"{await output}{await errors}");
    }
}
