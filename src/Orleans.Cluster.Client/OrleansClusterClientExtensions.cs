using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Orleans.Cluster.Client;

/// <summary>Registers the client.</summary>
public static class OrleansClusterClientExtensions
{
    private const string Name = "orleans-cluster";

    /// <summary>
    /// Adds <see cref="IJobClient"/> and <see cref="IClusterControl"/>. Options come from the configuration section
    /// <see cref="JobClientOptions.Section"/> where the services have a configuration, then from <paramref name="configure"/>.
    /// </summary>
    public static IServiceCollection AddOrleansCluster(
        this IServiceCollection services, Action<JobClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<JobClientOptions>()
            .Configure<IServiceProvider>((options, provider) =>
                // A plain ServiceCollection, without a host, has no configuration.
                provider.GetService<IConfiguration>()?.GetSection(JobClientOptions.Section).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateDataAnnotations()
            .Validate(options => options.RequestTimeout > options.PollWait,
                "RequestTimeout must be above PollWait, or each quiet poll fails.")
            .ValidateOnStart();

        services.AddHttpClient(Name)
            .ConfigureHttpClient((provider, http) => ClusterConnection.Configure(http, Current(provider)))
            .ConfigurePrimaryHttpMessageHandler(provider => ClusterConnection.Handler(Current(provider)))
            .AddResilienceHandler(
                Name, (builder, context) => RequestRepetition.Configure(builder, Current(context.ServiceProvider)));

        services.AddTransient<IJobClient>(provider =>
            new JobClient(
                Http(provider), provider.GetRequiredService<IOptions<JobClientOptions>>(), provider.GetService<TimeProvider>()));
        services.AddTransient<IClusterControl>(provider => new ClusterControl(Http(provider)));
        return services;
    }

    private static HttpClient Http(IServiceProvider provider) =>
        provider.GetRequiredService<IHttpClientFactory>().CreateClient(Name);

    private static JobClientOptions Current(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<JobClientOptions>>().Value;
}
