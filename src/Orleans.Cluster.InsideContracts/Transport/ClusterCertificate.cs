using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Cluster.InsideContracts.Transport;

/// <summary>What a silo, or a client inside the trust boundary, shows to others, and what it wants to see of them.</summary>
internal sealed class ClusterCertificate
{
    /// <summary>Name of the file in a state directory that holds the certificate of clients of the same user.</summary>
    public const string ClientFile = "client.pem";

    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string AnyUse = "2.5.29.37.0";

    private readonly X509Certificate2Collection authorities;

    private ClusterCertificate(SslStreamCertificateContext own, X509Certificate2Collection authorities)
    {
        Own = own;
        this.authorities = authorities;
    }

    /// <summary>Its own, with its key and intermediates.</summary>
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

    /// <summary>
    /// Whether a certificate that was found to be the authority's is one of a silo: it may serve, as those of clients may not.
    /// </summary>
    public static bool MayBeSilo(X509Certificate? other) => other is X509Certificate2 certificate
        && (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } uses
            || uses.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value is ServerUse or AnyUse));

    /// <summary>Reads the files; null when they name no certificate.</summary>
    /// <exception cref="CryptographicException">A file is not what it should be.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static ClusterCertificate? Load(TlsFiles files)
    {
        if (files.Certificate is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            using var read = X509Certificate2.CreateFromPemFile(path, files.Key);

            // Windows' TLS takes no key that is in memory alone.
            var own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
            var others = Read(path);
            others.RemoveAt(0);
            var roots = others.Where(other => other.SubjectName.RawData.AsSpan().SequenceEqual(other.IssuerName.RawData))
                .ToArray();
            return new ClusterCertificate(
                SslStreamCertificateContext.Create(own, others, offline: true),
                files.Authority is { } authority ? Read(authority) : roots.Length > 0 ? new X509Certificate2Collection(roots)
                : [own]);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static X509Certificate2Collection Read(string path)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        return found.Count > 0 ? found : throw new CryptographicException($"{path} does not contain a certificate.");
    }
}

/// <summary>PEM files of TLS between silos and of clients inside the trust boundary.</summary>
/// <param name="Certificate">The certificate, with intermediates behind it; null for no TLS.</param>
/// <param name="Key">Its private key, not encrypted; null when it stands in the file of the certificate.</param>
/// <param name="Authority">
/// Authorities whose certificates make another one of ours; null for the roots behind the certificate, or itself.
/// </param>
internal sealed record TlsFiles(string? Certificate, string? Key, string? Authority);
