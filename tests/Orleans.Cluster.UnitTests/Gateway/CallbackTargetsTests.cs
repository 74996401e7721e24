using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Callbacks;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class CallbackTargetsTests
{
    public static TheoryData<string> PrivateForms =>
    [
        "http://127.0.0.1/", "http://localhost/", "http://localhost./", "http://LOCALHOST:8001/", "http://x.localhost/",
        "http://127.1/",
        "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://0/", "http://0.0.0.0/", "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/", "http://metadata.google.internal/", "http://printer.local/", "http://intranet/",
        "http://224.0.0.1/",
        "http://255.255.255.255/", "http://198.18.0.1/", "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
        "http://127\u30020\u30020\u30021/",
    ];

    [Theory, MemberData(nameof(PrivateForms))]
    public void Check_PrivateTarget_IsRefused(string url)
    {
        var refusal = Assert.Throws<ClusterException>(() => Targets(allowPrivate: false).Check(new CallbackSpec { Url = url }));

        Assert.Equal(
            (Contracts.ProblemCode.ValidationFailed, "/callback/url"),
            (refusal.Code, Assert.Single(refusal.Problem.Errors!).Pointer));
    }

    [Theory]
    [InlineData("https://example.org/hook")]
    [InlineData("https://93.184.215.14/hook")]
    [InlineData("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/hook")]
    public void Check_PublicTarget_IsTaken(string url) => Targets(allowPrivate: false).Check(new CallbackSpec { Url = url });

    [Fact]
    public void Check_PrivateTargetWhereAllowed_IsTaken() => Targets(allowPrivate: true).Check(new CallbackSpec
    {
        Url = "http://127.0.0.1:9/",
    });

    // What a name leads to counts when it is connected to, not when it was looked at.
    [Fact]
    public async Task Connect_NameThatLeadsToLoopback_IsRefused()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var http = new HttpClient(Targets(allowPrivate: false).CreateHandler());

        var refusal = await Assert.ThrowsAsync<HttpRequestException>(
            () => http.GetAsync(
                new Uri($"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/"),
                TestContext.Current.CancellationToken));

        Assert.Contains("leads to no public address", refusal.ToString(), StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    private static CallbackTargets Targets(bool allowPrivate) =>
        new(Options.Create(new CallbackOptions { AllowPrivateTargets = allowPrivate }));
}
