using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>Registers executors and what runs attempts in them.</summary>
internal static class WorkerExtensions
{
    /// <summary>
    /// What every silo needs: the executor that answers its questions, and what a grain placed on it may ask for.
    /// </summary>
    public static IServiceCollection AddExecutors(this IServiceCollection services)
    {
        services.AddSingleton<ExecutorProgram>();
        services.AddSingleton<PlanningExecutor>();
        services.AddSingleton<IPlanningEngine>(provider => provider.GetRequiredService<PlanningExecutor>());
        services.AddSingleton<IPlanningHealth>(provider => provider.GetRequiredService<PlanningExecutor>());
        services.AddSingleton<GpuCount>();
        services.AddSingleton(RoomOf);
        services.AddSingleton<PauseWatch>();
        services.AddSingleton<WorkerMeter>();
        services.AddSingleton<MemoryGuard>();
        services.AddSingleton<ExecutorPool>();
        services.AddSingleton<TaskAssembler>();
        services.AddSingleton<AttemptFolders>();
        services.AddSingleton<AttemptOutcomes>();
        services.AddSingleton<AttemptExecution>();
        services.AddSingleton<AttemptRunner>();
        return services;
    }

    /// <summary>What makes a silo a worker: it asks for tasks.</summary>
    public static IServiceCollection AddClusterWorker(this IServiceCollection services) => services
        .AddSingleton<AttemptStarter>()
        .AddSingleton<WorkerIdentity>()
        .AddSingleton<GrantBook>()
        .AddSingleton<WorkerNews>()
        .AddSingleton<ReportMaker>()
        .AddSingleton<AttemptRows>()
        .AddSingleton<StoreBlame>()
        .AddSingleton<OrderFollower>()
        .AddSingleton<QueueReporter>()
        .AddSingleton<ProgressSender>()
        .AddSingleton<HeldCheck>()
        .AddSingleton<WorkerReadiness>()
        .AddSingleton<WorkerDrain>()
        .AddHostedService(provider => provider.GetRequiredService<PauseWatch>())
        .AddHostedService<WorkerSupervisor>();

    private static WorkerRoom RoomOf(IServiceProvider provider)
    {
        var settings = provider.GetRequiredService<IOptions<ClusterSettings>>().Value;
        return new WorkerRoom(
            settings.SlotsPerWorker, settings.MemoryPerWorkerBytes,
            settings.GpusPerWorker ?? provider.GetRequiredService<GpuCount>().Value);
    }
}
