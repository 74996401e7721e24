namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>Registers callbacks.</summary>
internal static class CallbackExtensions
{
    public static IServiceCollection AddCallbacks(this IServiceCollection services)
    {
        services.AddOptions<CallbackOptions>()
            .BindConfiguration(CallbackOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CallbackTargets>();
        services.AddSingleton<CallbackIntake>();
        services.AddHostedService<CallbackSender>();
        return services;
    }
}
