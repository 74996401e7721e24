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
    /// <summary>Puts TLS on every connection of this silo when there is a certificate for it, and says so when there is none and should be.</summary>
    public static void UseTlsOf(this ISiloBuilder silo, IConfiguration configuration, IPAddress address)
    {
        var options = configuration.GetSection(SiloTlsOptions.Section).Get<SiloTlsOptions>() ?? new SiloTlsOptions();
        if (Load(options) is not { } certificate)
        {
            if (!IPAddress.IsLoopback(address))
            {
                Console.Error.WriteLine(
                    $"Orleans' ports on {address} take whoever reaches them, unencrypted. Make a certificate with 'certificate create --out FILE' and " +
                    $"name it with --{SiloTlsOptions.Section}:Certificate=FILE for every silo.");
            }

            return;
        }

        silo.Services.AddSingleton(certificate);
        silo.Services.AddSingleton<ConnectionTls>();
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloOutboundConnection(builder => builder.Use(TlsOf(builder).Open));
            connections.ConfigureSiloInboundConnection(builder => builder.Use(TlsOf(builder).Accept));
            connections.ConfigureGatewayInboundConnection(builder => builder.Use(TlsOf(builder).Accept));
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

    private static ConnectionTls TlsOf(IConnectionBuilder builder) => builder.ApplicationServices.GetRequiredService<ConnectionTls>();
}
