using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// Makes certificates of a cluster as PEM: the silos' one, which is its own authority and which all silos have as a shared
/// secret; and ones of clients, which it signs, and which open the port of clients alone because they say that they serve nobody.
/// </summary>
internal static class CertificateMaker
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const int SerialBytes = 16;

    /// <summary>A certificate that is its own authority, with its key.</summary>
    public static string MakeSilo(TimeSpan life, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleans-cluster silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, true, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], critical: false));

        // Clocks of machines differ.
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + life);
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    /// <summary>A certificate of a client with its key, and the silos' own behind it, by which the client knows them.</summary>
    /// <param name="siloFile">File of <see cref="MakeSilo"/>.</param>
    /// <exception cref="CryptographicException">The file holds no certificate that may sign, or not its key.</exception>
    public static string MakeClient(string siloFile)
    {
        using var silo = X509Certificate2.CreateFromPemFile(siloFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleans-cluster client", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientUse)], critical: true));
        try
        {
            using var made = request.Create(silo, silo.NotBefore, silo.NotAfter, RandomNumberGenerator.GetBytes(SerialBytes));
            return $"{made.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n{silo.ExportCertificatePem()}\n";
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new CryptographicException(
                $"{siloFile} is not a certificate of 'certificate create', which alone may sign: {e.Message}", e);
        }
    }
}
