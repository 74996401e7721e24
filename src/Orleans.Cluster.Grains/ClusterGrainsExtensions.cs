using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster.Grains.Execution;
using Orleans.Cluster.Grains.Jobs;
using Orleans.Cluster.Grains.Partitions;
using Orleans.Cluster.Grains.Queueing;
using Orleans.Cluster.Grains.Resources;
using Orleans.Cluster.Grains.Results;
using Orleans.Cluster.Grains.Scaling;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.Grains;

/// <summary>Registers coordination, one method per capability.</summary>
internal static class ClusterGrainsExtensions
{
    /// <summary>What every silo needs, whatever its role.</summary>
    public static IServiceCollection AddClusterGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<QueueOptions>(QueueOptions.Section);
        services.AddSettings<ExecutorOptions>(ExecutorOptions.Section);
        services.AddSettings<WorkerOptions>(WorkerOptions.Section);
        services.AddSettings<JobOptions>(JobOptions.Section);
        services.AddSettings<RetentionOptions>(RetentionOptions.Section);
        services.AddSettings<AutoscalerOptions>(AutoscalerOptions.Section);
        services.TryAddSingleton<ClusterPaths>();
        services.AddSingleton<ScratchSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<ScratchSweeper>());
        return services.AddJobs().AddEngineQuestions().AddAttempts();
    }

    /// <summary>What makes a silo a worker: it asks for tasks.</summary>
    public static IServiceCollection AddClusterWorker(this IServiceCollection services) => services
        .AddHostedService(provider => provider.GetRequiredService<PauseWatch>())
        .AddHostedService<WorkerSupervisor>();

    /// <summary>What a gateway does beside serving: sweeping up after jobs.</summary>
    public static IServiceCollection AddClusterJanitor(this IServiceCollection services) =>
        services.AddSingleton<ArtifactJanitor>().AddHostedService<JanitorService>();

    private static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<IJobDesk, JobDesk>();
        services.AddSingleton<AdmissionDesk>();
        services.AddSingleton<ActiveJobCount>();
        services.AddSingleton<ResourceDesk>();
        services.AddSingleton<RepeatedSubmits>();
        services.AddSingleton<IOutputPublisher, OutputPublisher>();
        services.AddSingleton<ArtifactFolders>();
        return services;
    }

    private static IServiceCollection AddEngineQuestions(this IServiceCollection services)
    {
        services.AddSingleton<ExecutorProgram>();
        services.AddSingleton<PlanningExecutor>();
        services.AddSingleton<IPlanningEngine>(provider => provider.GetRequiredService<PlanningExecutor>());
        services.AddSingleton<IQueryPlanner>(provider => new QueryPlanner(provider.GetRequiredService<IPlanningEngine>()));
        return services;
    }

    private static IServiceCollection AddAttempts(this IServiceCollection services)
    {
        services.AddSingleton<GpuCount>();
        services.AddSingleton<WorkerLedger>();
        services.AddSingleton<PauseWatch>();
        services.AddSingleton<WorkerMeter>();
        services.AddSingleton<MemoryGuard>();
        services.AddSingleton<ExecutorPool>();
        services.AddSingleton<TaskAssembler>();
        services.AddSingleton<AttemptRunner>();
        return services;
    }

    private static void AddSettings<T>(this IServiceCollection services, string section)
        where T : class => services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
