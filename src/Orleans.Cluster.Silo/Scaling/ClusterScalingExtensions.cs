using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Scaling;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>What looks after workers; gateways only.</summary>
internal static class ClusterScalingExtensions
{
    public static IServiceCollection AddClusterScaling(
        this IServiceCollection services, IConfiguration configuration, string[] args)
    {
        services.AddOptions<ScalingOptions>()
            .BindConfiguration(ScalingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddScaleTarget(
            configuration.GetValue($"{ScalingOptions.Section}:{nameof(ScalingOptions.Target)}", ScaleTargetKind.LocalProcesses),
            args);
        services.AddSingleton<ClusterService>();
        services.AddHostedService<ScaleReconciler>();
        return services;
    }

    private static void AddScaleTarget(this IServiceCollection services, ScaleTargetKind kind, string[] args)
    {
        switch (kind)
        {
            case ScaleTargetKind.LocalProcesses:
                services.AddSingleton(new GatewayArguments(args));
                services.AddSingleton(provider => provider.GetRequiredService<IOptions<ScalingOptions>>().Value);
                services.AddSingleton<WorkerCommand>();
                services.AddSingleton<LocalProcessTarget>();
                services.AddSingleton<IScaleTarget>(provider => provider.GetRequiredService<LocalProcessTarget>());
                // Before the reconciler: hosted services stop in reverse order, so nobody starts workers while this one stops
                // them.
                services.AddHostedService(provider => provider.GetRequiredService<LocalProcessTarget>());
                services.AddHostedService<FrozenWriterWatch>();
                break;
            case ScaleTargetKind.Docker:
                services.AddSingleton(provider => provider.GetRequiredService<IOptions<ScalingOptions>>().Value);
                services.AddSingleton<IScaleTarget, DockerTarget>();
                break;
            case ScaleTargetKind.Kubernetes:
                services.AddOptions<KubernetesOptions>()
                    .BindConfiguration(KubernetesOptions.Section).ValidateDataAnnotations().ValidateOnStart();
                services.AddSingleton(provider =>
                    new KubernetesWorkload(provider.GetRequiredService<IOptions<KubernetesOptions>>().Value));
                services.AddSingleton<IScaleTarget, KubernetesTarget>();
                break;
            default:
                services.AddSingleton<IScaleTarget, FixedTarget>();
                break;
        }
    }
}
