using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files;

/// <summary>Registers what touches files: sources, artifacts, outputs.</summary>
internal static class FilesExtensions
{
    /// <summary>What every silo needs, whatever its role.</summary>
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddJobPlanning();
        services.AddStoreMark();
        services.AddSingleton<StoreWatch>();
        services.AddSingleton<IArtifactSight>(provider => provider.GetRequiredService<StoreWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<StoreWatch>());
        services.AddSingleton<IArtifactStore>(provider => provider.GetRequiredService<IArtifactFiles>());
        services.AddSingleton<ICancelledArtifacts, CancelledArtifacts>();
        services.AddSingleton<FolderPublisher>();
        services.AddSingleton<ObjectPublisher>();
        services.AddSingleton<IOutputPublisher, OutputPublisher>();
        services.AddSingleton<ScratchSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<ScratchSweeper>());
        return services;
    }

    /// <summary>What says whose the artifact store is.</summary>
    public static IServiceCollection AddStoreMark(this IServiceCollection services)
    {
        services.AddObjectStore();
        services.TryAddSingleton<ClusterPaths>();
        services.TryAddSingleton<IArtifactFiles>(provider =>
            provider.GetRequiredService<ClusterPaths>().ArtifactFolder is null
                ? ActivatorUtilities.CreateInstance<ObjectArtifacts>(provider)
                : ActivatorUtilities.CreateInstance<ArtifactFolders>(provider));
        return services.AddSingleton<StoreMark>();
    }

    /// <summary>What turns specs into plans and results into rows. Safe to add twice.</summary>
    public static IServiceCollection AddJobPlanning(this IServiceCollection services)
    {
        services.TryAddSingleton<ClusterPaths>();
        services.AddObjectStore();
        services.TryAddSingleton<ObjectRoots>();
        services.TryAddSingleton<IObjectGrants, ObjectGrants>();
        services.TryAddSingleton<DefaultDataset>();
        services.TryAddSingleton<DataRoots>();
        services.Replace(ServiceDescriptor.Singleton<IOutputPlaces, RealOutputPlaces>());
        services.TryAddSingleton(provider => provider.GetRequiredService<DataRoots>().Rules);
        services.TryAddSingleton<StoredResults>();
        services.TryAddSingleton<DatasetPlanning>();
        services.TryAddSingleton<DatasetSampler>();
        services.TryAddSingleton<ISourceRecheck, SourceRecheck>();
        services.TryAddSingleton<IPartitionSplitter, PartitionSplitter>();
        services.TryAddSingleton<IJobPlanning, JobPlanning>();
        services.TryAddSingleton<IResultReader, ResultReader>();
        services.TryAddSingleton<IOutputOwners, OutputOwners>();
        return services;
    }

    private static void AddObjectStore(this IServiceCollection services)
    {
        services.AddOptions<S3Options>().BindConfiguration(S3Options.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IObjectStore, S3ObjectStore>();
        services.TryAddSingleton(provider => new StoredFiles(provider.GetRequiredService<IObjectStore>()));
    }

    /// <summary>What a gateway does beside serving: sweeping up after jobs.</summary>
    public static IServiceCollection AddClusterJanitor(this IServiceCollection services) =>
        services.AddSingleton<ArtifactJanitor>().AddSingleton<RowPruning>().AddHostedService<JanitorService>();
}
