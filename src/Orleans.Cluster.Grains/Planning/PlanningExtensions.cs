using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster.Grains.Results;

namespace Orleans.Cluster.Grains.Planning;

/// <summary>What turns specs into plans and results into rows. Safe to add twice.</summary>
internal static class PlanningExtensions
{
    public static IServiceCollection AddJobPlanning(this IServiceCollection services)
    {
        services.TryAddSingleton<ClusterPaths>();
        services.TryAddSingleton<DefaultDataset>();
        services.TryAddSingleton<DataRoots>();
        services.TryAddSingleton<DatasetPlanning>();
        services.TryAddSingleton<SourceRecheck>();
        services.TryAddSingleton<PartitionSplitter>();
        services.TryAddSingleton<IJobPlanning, JobPlanning>();
        services.TryAddSingleton<IResultReader, ResultReader>();
        return services;
    }
}
