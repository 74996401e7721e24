using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Resources;
using Orleans.Cluster.Coordination.Scaling;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.Coordination;

/// <summary>Registers coordination.</summary>
internal static class CoordinationExtensions
{
    /// <summary>
    /// What every silo needs, whatever its role. What implements the ports is registered by their own projects.
    /// </summary>
    public static IServiceCollection AddCoordination(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<QueueOptions>(QueueOptions.Section);
        services.AddSettings<ExecutorOptions>(ExecutorOptions.Section);
        services.AddSettings<WorkerOptions>(WorkerOptions.Section);
        services.AddSettings<JobOptions>(JobOptions.Section);
        services.AddSettings<ExchangeOptions>(ExchangeOptions.Section);
        services.AddSettings<RetentionOptions>(RetentionOptions.Section);
        services.AddSettings<AutoscalerOptions>(AutoscalerOptions.Section);
        services.TryAddSingleton<ClusterPaths>();
        services.AddSingleton<IJobService, JobService>();
        services.AddSingleton<AdmissionCheck>();
        services.AddSingleton<JobAcceptance>();
        services.AddSingleton<EarlyPlanning>();
        services.AddSingleton<JobRemoval>();
        services.AddSingleton<JobPartitions>();
        services.AddSingleton<JobObserver>();
        services.AddSingleton<JobPlanner>();
        services.AddSingleton<JobPublishing>();
        services.AddSingleton<ActiveJobCount>();
        services.AddSingleton<ILossJudge, LossJudge>();
        services.AddSingleton<CallerQuota>();
        services.AddSingleton<SubmitRules>();
        services.AddSingleton<ResourceService>();
        services.AddSingleton<ReconcileTimes>();
        services.AddSingleton<RepeatedSubmits>();
        services.AddSingleton<IQueryPlanner>(provider => new QueryPlanner(
            provider.GetRequiredService<IPlanningEngine>(),
            new PlanLimits { MaxTargets = provider.GetRequiredService<IOptions<ExchangeOptions>>().Value.MaxTargets }));
        return services;
    }

    private static void AddSettings<T>(this IServiceCollection services, string section)
        where T : class => services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
