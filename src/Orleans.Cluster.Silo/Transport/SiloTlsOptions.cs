namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// TLS between silos, which is always there. Section "Cluster:Tls". On loopback the silos of a state directory make a certificate
/// when none is given.
/// </summary>
internal sealed class SiloTlsOptions
{
    public const string Section = "Cluster:Tls";

    /// <summary>
    /// PEM file of this silo's certificate, with intermediates behind it. Null for the one in the state directory, on loopback
    /// only.
    /// </summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of its private key, not encrypted; null when it stands in the file of the certificate.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// PEM file of the authorities whose certificates make a silo one of ours; it should sign for nothing else. Null for the
    /// certificate itself: then every silo has a copy of the same file, as a shared secret.
    /// </summary>
    public string? Authority { get; init; }
}
