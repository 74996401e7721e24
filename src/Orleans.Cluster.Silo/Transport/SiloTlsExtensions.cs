using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.InsideContracts.Transport;
using Orleans.Cluster.Silo.Processes;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>Who may connect to a silo's own ports.</summary>
internal static class SiloTlsExtensions
{
    /// <summary>
    /// Puts mutual TLS on every connection of this silo. On loopback, silos that were given no certificate have one in their
    /// state directory; what other machines reach needs one that the silos of all machines were given.
    /// </summary>
    /// <exception cref="StartRefusedException">
    /// There is none for an address that other machines reach, or it cannot be used.
    /// </exception>
    public static void UseTlsOf(this ISiloBuilder silo, IConfiguration configuration, IPAddress address, string stateDirectory)
    {
        var options = configuration.GetSection(SiloTlsOptions.Section).Get<SiloTlsOptions>() ?? new SiloTlsOptions();
        if (options.Certificate is not { Length: > 0 } && !IPAddress.IsLoopback(address))
        {
            throw new StartRefusedException(
                $"Other machines reach Orleans' ports on {address}, and whoever does so could join the cluster. Make a "
                + "certificate with " +
                $"'certificate create --out FILE' and name it with --{SiloTlsOptions.Section}:Certificate=FILE for every silo.");
        }

        var certificate = Load(options) ?? Load(new SiloTlsOptions { Certificate = OwnCertificate.Require(stateDirectory) })!;
        silo.Services.AddSingleton(certificate);
        silo.Services.AddSingleton<ConnectionTls>();
        silo.Services.AddSingleton<ClientTargets>();
        silo.Services.AddSingleton<ClientGate>();
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloOutboundConnection(builder => builder.Use(TlsOf(builder).Open));
            connections.ConfigureSiloInboundConnection(builder => builder.Use(TlsOf(builder).AcceptSilo));
            connections.ConfigureGatewayInboundConnection(builder => builder
                .Use(TlsOf(builder).AcceptClient)
                .Use(builder.ApplicationServices.GetRequiredService<ClientGate>().Accept));
        });
    }

    /// <summary>The certificate that the options name; null when they name none.</summary>
    /// <exception cref="StartRefusedException">A file is missing or is not what it should be.</exception>
    public static ClusterCertificate? Load(SiloTlsOptions options)
    {
        try
        {
            return ClusterCertificate.Load(new TlsFiles(options.Certificate, options.Key, options.Authority));
        }
        catch (Exception e) when (e is CryptographicException or IOException)
        {
            throw new StartRefusedException($"The files of {SiloTlsOptions.Section} cannot be used: {e.Message}", e);
        }
    }

    private static ConnectionTls TlsOf(IConnectionBuilder builder) =>
        builder.ApplicationServices.GetRequiredService<ConnectionTls>();
}
