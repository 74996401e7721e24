using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Worker;

/// <summary>Registers executors and what runs attempts in them.</summary>
internal static class WorkerExtensions
{
    /// <summary>What every silo needs: the executor that answers its questions, and what a grain placed on it may ask for.</summary>
    public static IServiceCollection AddExecutors(this IServiceCollection services)
    {
        services.AddSingleton<ExecutorProgram>();
        services.AddSingleton<PlanningExecutor>();
        services.AddSingleton<IPlanningEngine>(provider => provider.GetRequiredService<PlanningExecutor>());
        services.AddSingleton<IPlanningHealth>(provider => provider.GetRequiredService<PlanningExecutor>());
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

    /// <summary>What makes a silo a worker: it asks for tasks.</summary>
    public static IServiceCollection AddClusterWorker(this IServiceCollection services) => services
        .AddHostedService(provider => provider.GetRequiredService<PauseWatch>())
        .AddHostedService<WorkerSupervisor>();
}
