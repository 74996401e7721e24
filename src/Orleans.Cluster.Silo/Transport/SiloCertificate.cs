using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>What a silo shows to others, and what it wants to see of them.</summary>
internal sealed class SiloCertificate
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private readonly X509Certificate2Collection authorities;

    private SiloCertificate(SslStreamCertificateContext own, X509Certificate2Collection authorities)
    {
        Own = own;
        this.authorities = authorities;
    }

    /// <summary>The silo's own, with its key and intermediates.</summary>
    public SslStreamCertificateContext Own { get; }

    /// <summary>Trusts our authorities and no others; those of the machine sign for the whole world.</summary>
    public X509ChainPolicy TrustOfOthers()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    /// <summary>Reads the files that the configuration names; null when it names none.</summary>
    /// <exception cref="StartRefusedException">A file is missing or is not what it should be.</exception>
    public static SiloCertificate? Load(SiloTlsOptions options)
    {
        if (options.Certificate is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            using var read = X509Certificate2.CreateFromPemFile(path, options.Key);
            // Windows' TLS takes no key that is in memory alone.
            var own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
            var others = Read(path);
            others.RemoveAt(0);
            return new SiloCertificate(
                SslStreamCertificateContext.Create(own, others, offline: true), options.Authority is { } authority ? Read(authority) : [own]);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The files of {SiloTlsOptions.Section} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>A certificate that is its own authority, with its key, as PEM.</summary>
    public static string Create(TimeSpan life, DateTimeOffset now)
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

    private static X509Certificate2Collection Read(string path)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        return found.Count > 0 ? found : throw new CryptographicException($"{path} holds no certificate.");
    }
}
