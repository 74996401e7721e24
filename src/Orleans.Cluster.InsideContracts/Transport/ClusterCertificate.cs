using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Cluster.InsideContracts.Transport;

/// <summary>What a silo, or a client inside the trust boundary, shows to others, and what it wants to see of them.</summary>
internal sealed class ClusterCertificate
{
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
            return new ClusterCertificate(
                SslStreamCertificateContext.Create(own, others, offline: true), files.Authority is { } authority ? Read(authority) : [own]);
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
/// <param name="Authority">Authorities whose certificates make another one of ours; null for the certificate itself.</param>
internal sealed record TlsFiles(string? Certificate, string? Key, string? Authority);
