using Orleans.Cluster.Grains;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Silo.Storage;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// What must be true of the database before a gateway's silo starts. Embedded, the schema is brought up to date and the cluster epoch is
/// raised, which shuts out whatever an earlier run has left behind. Workers get the epoch through the configuration.
/// </summary>
internal static class StoragePreparation
{
    public static async Task Run(ConfigurationManager configuration, StorageConnection storage)
    {
        if (!storage.IsEmbedded)
        {
            return;
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddOptions<ClusterSettings>().Bind(configuration.GetSection(ClusterSettings.Section));
        services.AddSingleton<ClusterPaths>();
        services.AddClusterStorage(configuration);
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<SchemaMigrator>().Migrate(CancellationToken.None);
        var epoch = await provider.GetRequiredService<IClusterEpoch>().Raise(DateTimeOffset.UtcNow, CancellationToken.None);
        configuration[$"{ClusterSettings.Section}:Epoch"] = epoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
