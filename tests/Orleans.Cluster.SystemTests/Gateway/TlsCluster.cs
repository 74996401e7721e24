using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>A cluster with TLS everywhere: its REST interface, its dashboard, and between its silos.</summary>
public sealed class TlsCluster : EmbeddedCluster
{
    private readonly int siloPort = FreePort();
    private Process? stranger;

    public TlsCluster()
    {
        AuthorityFile = At("authority.pem");
        Workers = 1;
        Arguments = [$"--Cluster:SiloPort={siloPort}", $"--Cluster:DashboardPort={DashboardPort}"];
        WriteCertificates();
    }

    public int DashboardPort { get; } = FreePort();

    /// <summary>Where the gateway's silo listens for other silos.</summary>
    public IPEndPoint SiloEndpoint => new(IPAddress.Loopback, siloPort);

    protected override IReadOnlyList<string> Settings => [$"--Cluster:Tls:Certificate={At("silo.pem")}"];

    protected override IReadOnlyList<string> Listen(string address) =>
    [
        $"--Kestrel:Endpoints:Main:Url={address}", $"--Kestrel:Endpoints:Main:Certificate:Path={At("server.pem")}",
        $"--Kestrel:Endpoints:Main:Certificate:KeyPath={At("server.key")}",
    ];

    public override async Task StartAsync()
    {
        var (exitCode, said) = await CommandAsync("certificate", "create", "--out", At("silo.pem"));
        Assert.True(exitCode == 0, said);
        await base.StartAsync();
    }

    /// <summary>A worker of this gateway's database that has no certificate.</summary>
    public void StartStranger() => stranger = Launch(["--Cluster:Role=Worker", $"--Cluster:StateDirectory={StateFolder}"]);

    public string At(string file) => Path.Combine(Folder, file);

    public override async ValueTask DisposeAsync()
    {
        await KillAsync(stranger is { HasExited: false } running ? [running.Id] : []);
        stranger?.Dispose();
        await base.DisposeAsync();
    }

    private void WriteCertificates()
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Test authority", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var root = rootRequest.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, from, to, RandomNumberGenerator.GetBytes(8));

        File.WriteAllText(AuthorityFile!, root.ExportCertificatePem());
        File.WriteAllText(At("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(At("server.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
