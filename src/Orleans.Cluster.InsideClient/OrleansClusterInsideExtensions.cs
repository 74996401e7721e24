using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Client;
using Orleans.Cluster.InsideContracts.Transport;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Cluster.InsideClient;

/// <summary>Registers the client for services inside the trust boundary.</summary>
public static class OrleansClusterInsideExtensions
{
    /// <summary>
    /// Adds <see cref="IJobClient"/> over an Orleans client, which the host connects at its start. Options come from the
    /// configuration section <see cref="InsideClientOptions.Section"/> where the services have a configuration, then from
    /// <paramref name="configure"/>. For hosts that are not themselves silos or Orleans clients of another cluster; those open an
    /// <see cref="InsideConnection"/>.
    /// </summary>
    public static IServiceCollection AddOrleansClusterInside(
        this IServiceCollection services, Action<InsideClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<InsideClientOptions>()
            .Configure<IServiceProvider>((options, provider) =>
                provider.GetService<IConfiguration>()?.GetSection(InsideClientOptions.Section).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton(provider => ClusterAddress.Of(Current(provider)));
        services.AddOrleansClient(Configure);
        services.AddSingleton<IJobClient>(provider => new InsideJobClient(
            provider.GetRequiredService<IClusterClient>(), provider.GetRequiredService<ClusterAddress>(),
            provider.GetRequiredService<IOptions<InsideClientOptions>>(), provider.GetService<TimeProvider>()));
        return services;
    }

    private static void Configure(IClientBuilder client)
    {
        client.Services.AddOptions<ClusterOptions>().Configure<ClusterAddress>(
            (cluster, address) => (cluster.ClusterId, cluster.ServiceId) = (address.ClusterId, ClusterAddress.ServiceId));
        client.Services.AddOptions<GatewayOptions>().Configure<IOptions<InsideClientOptions>>(
            (gateways, inside) => gateways.GatewayListRefreshPeriod = inside.Value.GatewayListRefreshPeriod);
        client.Services.AddOptions<ClientMessagingOptions>().Configure<IOptions<InsideClientOptions>>(
            (messages, inside) => messages.ResponseTimeout = inside.Value.ResponseTimeout);
        client.UseAdoNetClustering(membership => membership.Configure<ClusterAddress>(
            (database, address) =>
            (database.Invariant, database.ConnectionString) = (address.Invariant, address.ConnectionString)));
        client.Configure<ClientConnectionOptions>(connections => connections.ConfigureConnection(UseTls));
        client.UseConnectionRetryFilter<ConnectionPatience>();
        client.AddActivityPropagation();
    }

    private static void UseTls(IConnectionBuilder connection)
    {
        var services = connection.ApplicationServices;
        var options = Current(services);
        if (ClusterCertificate.Load(
            new TlsFiles(options.Certificate
                ?? OwnOf(options), options.CertificateKey, options.CertificateAuthority)) is { } certificate)
        {
            var tls = new ConnectionTls(
                certificate, services.GetRequiredService<ILogger<ConnectionTls>>(), services.GetService<TimeProvider>()
                ?? TimeProvider.System);
            connection.Use(tls.Open);
        }
    }

    // Made by the first silo of the directory, for clients of its user.
    private static string? OwnOf(InsideClientOptions options) =>
        options.StateDirectory is { Length: > 0 } state && Path.Combine(state, ClusterCertificate.ClientFile) is var file
        && File.Exists(file) ? file : null;

    private static InsideClientOptions Current(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<InsideClientOptions>>().Value;
}
