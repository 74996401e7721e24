using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orleans.Cluster.Client;
using Orleans.Cluster.InsideClient;
using Orleans.Cluster.SystemTests.EndToEnd;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

public sealed class TlsTests(TlsCluster cluster) : IClassFixture<TlsCluster>
{
    private const byte Alert = 0x15;

    [Fact]
    public async Task Job_WithTlsEverywhere_Succeeds()
    {
        var end = await cluster.WaitForEndAsync(Id(await cluster.SubmitAsync(new { operation = "aggregate" })));

        Assert.Equal("https", cluster.Http.BaseAddress!.Scheme);
        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Request_WithoutTls_HasNoAnswer()
    {
        using var plain = new HttpClient();

        await Assert.ThrowsAsync<HttpRequestException>(() =>
            plain.GetAsync($"http://127.0.0.1:{cluster.Http.BaseAddress!.Port}/api/processing/health/live"));
    }

    [Fact]
    public async Task Dashboard_OnItsOwnPort_HasTheSameCertificate()
    {
        using var page = await cluster.Http.GetAsync($"https://127.0.0.1:{cluster.DashboardPort}/dashboard/");
        using var other = await cluster.Http.GetAsync($"https://127.0.0.1:{cluster.DashboardPort}/api/processing/jobs/list");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (page.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task CommandLine_ThatTrustsTheAuthority_ListsJobs()
    {
        var (code, _, notes) = await CommandLine.Run(cluster, "list");

        Assert.True(code == 0, notes);
    }

    [Fact]
    public async Task Worker_WithoutTheCertificate_DoesNotJoin()
    {
        cluster.StartStranger();
        await EmbeddedCluster.Until(
            () => Task.FromResult(cluster.Log.ToString().Contains("is not a silo of this cluster", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(60),
            () => cluster.Log.ToString());

        var status = await cluster.Http.GetFromJsonAsync<JsonElement>("cluster/status");

        Assert.Equal(1, status.GetProperty("workers").GetArrayLength());
    }

    [Fact]
    public async Task InsideClient_WithTheCertificate_ListsJobs()
    {
        await using var inside = await InsideConnection.OpenAsync(
            options => (options.StateDirectory, options.Certificate) = (cluster.StateFolder, cluster.At("silo.pem")));

        var jobs = await inside.Jobs.ListAsync();

        Assert.NotNull(jobs.Items);
    }

    [Fact]
    public Task InsideClient_WithoutTheCertificate_DoesNotConnect() => Assert.ThrowsAsync<ClusterUnreachableException>(
        () => InsideConnection.OpenAsync(options =>
            (options.StateDirectory, options.Patience) = (cluster.StateFolder, TimeSpan.Zero)));

    [Fact]
    public async Task SiloPort_TlsWithAnotherCertificate_SaysNothingAndCloses()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(cluster.SiloEndpoint);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);

        var received = await ReadToEndAsync(async () =>
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "silo", ClientCertificates = [OtherCertificate()],
            });
            await tls.WriteAsync("hello, what is your cluster?"u8.ToArray());
            return tls;
        });

        Assert.Empty(received);
    }

    [Fact]
    public async Task SiloPort_WithoutTls_SaysNoMoreThanAnAlert()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(cluster.SiloEndpoint);

        var received = await ReadToEndAsync(async () =>
        {
            await client.GetStream().WriteAsync("hello, what is your cluster?"u8.ToArray());
            return client.GetStream();
        });

        Assert.True(received.Length == 0 || (received[0] == Alert && received.Length < 10), Convert.ToHexString(received));
    }

    private static async Task<byte[]> ReadToEndAsync(Func<Task<Stream>> open)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var received = new MemoryStream();
        try
        {
            await (await open()).CopyToAsync(received, limit.Token);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Closed without a word is what was asked for; a connection that stays open runs into the limit instead.
        }

        return received.ToArray();
    }

    private static X509Certificate2 OtherCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleans-cluster silo", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
