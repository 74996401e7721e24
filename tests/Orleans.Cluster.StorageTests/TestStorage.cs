using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Storage;
using Orleans.Cluster.StorageTests;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>Which database a test runs against.</summary>
public enum Database
{
    Sqlite,
    Postgres,
}

/// <summary>The storage services of one or several processes over one new database.</summary>
internal sealed class TestStorage : IAsyncDisposable
{
    private readonly string folder;
    private readonly string? postgres;
    private readonly List<ServiceProvider> processes = [];

    private TestStorage(string folder, string? postgres)
    {
        this.folder = folder;
        this.postgres = postgres;
        Services = AddProcess();
    }

    public IServiceProvider Services { get; }

    public IJobStore Jobs => Services.GetRequiredService<IJobStore>();

    public ICheckpointStore Checkpoints => Services.GetRequiredService<ICheckpointStore>();

    public IClusterEpoch Epoch => Services.GetRequiredService<IClusterEpoch>();

    public ClusterDatabase Database => Services.GetRequiredService<ClusterDatabase>();

    public string StateFolder => folder;

    /// <summary>With the schema in place.</summary>
    public static async Task<TestStorage> Create(Database database, PostgresFixture fixture)
    {
        var storage = await CreateEmpty(database, fixture);
        await storage.Services.GetRequiredService<SchemaMigrator>().Migrate(CancellationToken.None);
        return storage;
    }

    /// <summary>Without any table.</summary>
    public static async Task<TestStorage> CreateEmpty(Database database, PostgresFixture fixture)
    {
        var postgres = database == StorageTests.Database.Postgres ? await fixture.CreateDatabase() : null;
        return On(postgres);
    }

    public static TestStorage On(string? postgres) => new(Directory.CreateTempSubdirectory("storage-").FullName, postgres);

    /// <summary>Services as another process over the same database has them.</summary>
    public IServiceProvider AddProcess(long? epoch = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = postgres,
            ["Cluster:StateDirectory"] = folder,
            ["Cluster:Epoch"] = epoch?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        }).Build();
        var provider = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new ClusterPaths(Options.Create(new ClusterSettings { StateDirectory = folder })))
            .AddClusterStorage(configuration)
            .BuildServiceProvider();
        processes.Add(provider);
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}
