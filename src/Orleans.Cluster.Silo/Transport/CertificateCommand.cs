using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Transport;

/// <summary><c>certificate create</c>: one file for all silos of a cluster, which is their certificate, its key and its authority.</summary>
internal static class CertificateCommand
{
    private const int DefaultDays = 3650;
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const string Usage = "Usage: 'certificate create --out FILE [--days 3650]'.";

    /// <summary>The command that the arguments name, or null.</summary>
    public static Func<Task<int>>? Find(string[] args) => args switch
    {
        ["certificate", "create", .. var rest] => () => Create(new ConfigurationBuilder().AddCommandLine(rest).Build()),
        ["certificate", ..] => () => throw new StartRefusedException(Usage),
        _ => null,
    };

    // A file that can be used stays as it is: a container may run this at each start.
    private static async Task<int> Create(IConfiguration arguments)
    {
        var file = arguments["out"] ?? throw new StartRefusedException(Usage);
        var days = arguments["days"] is not { } text ? DefaultDays
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is > 0 and <= 36_500 ? given
            : throw new StartRefusedException($"'{text}' is not a number of days between 1 and 36500. {Usage}");
        if (File.Exists(file))
        {
            SiloTlsExtensions.Load(new SiloTlsOptions { Certificate = file });
            Console.Error.WriteLine($"{file} holds a certificate already.");
            return 0;
        }

        await SecretFile.Write(file, Create(TimeSpan.FromDays(days), DateTimeOffset.UtcNow));
        Console.Error.WriteLine($"{file} holds a certificate and its key, for {days} days. Whoever has it can join the cluster.");
        return 0;
    }

    // A certificate that is its own authority, with its key, as PEM.
    private static string Create(TimeSpan life, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleans-cluster silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, true, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], critical: false));

        // Clocks of machines differ.
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + life);
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
