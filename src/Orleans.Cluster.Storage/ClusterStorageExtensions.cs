using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Storage;

/// <summary>Registers the storage of jobs.</summary>
internal static class ClusterStorageExtensions
{
    /// <summary>
    /// PostgreSQL when <c>ConnectionStrings:Postgres</c> is given, else SQLite files in the state directory. Expects
    /// <see cref="ClusterPaths"/>.
    /// <c>Cluster:Epoch</c> is the epoch that a worker got from its gateway.
    /// </summary>
    public static IServiceCollection AddClusterStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var postgres = configuration.GetConnectionString(StorageConnection.PostgresName);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(StorageConnection.Of(configuration));
        services.AddSingleton(new ProcessEpoch(configuration.GetValue<long?>($"{ClusterSettings.Section}:Epoch")));
        services.AddSingleton<ClusterDatabase>(provider =>
        {
            var epoch = provider.GetRequiredService<ProcessEpoch>();
            var paths = provider.GetRequiredService<ClusterPaths>();
            return string.IsNullOrEmpty(postgres)
                ? new SqliteDatabase(StorageConnection.JobsPath(paths), StorageConnection.OrleansPath(paths), epoch)
                : new PostgresDatabase(postgres, epoch, provider.GetRequiredService<ILogger<PostgresDatabase>>());
        });
        services.AddSingleton<IDatabaseBackup>(provider => string.IsNullOrEmpty(postgres)
            ? new SqliteBackup(provider.GetRequiredService<ClusterPaths>())
            : new PostgresBackup(postgres, provider.GetRequiredService<ClusterDatabase>()));
        services.AddSingleton<SchemaMigrator>();
        services.AddSingleton<IClusterEpoch, ClusterEpoch>();
        services.AddSingleton<IDatabaseClock, DatabaseClock>();
        services.AddSingleton<IStoreIdentities, StoreIdentities>();
        services.TryAddSingleton<IOutputPlaces, WrittenOutputPlaces>();
        services.AddSingleton<OutputClaims>();
        services.AddSingleton<IJobStore, JobStore>();
        services.AddSingleton<ICheckpointStore, CheckpointStore>();
        services.AddSingleton<IAttemptHistory, AttemptHistory>();
        services.AddSingleton<IStorageProbe, StorageProbe>();
        services.AddSingleton<IStorageUpkeep, StorageUpkeep>();
        services.AddSingleton<IOutbox, Outbox>();
        services.AddSingleton<IAuditLog, AuditLog>();
        services.AddSingleton<IMetricsStore, MetricsStore>();
        services.AddSingleton<IWorkMeter, WorkMeter>();
        services.AddSingleton<IWorkerHistory, WorkerHistory>();
        services.AddSingleton<IApiKeyStore, ApiKeyStore>();
        return services;
    }
}
