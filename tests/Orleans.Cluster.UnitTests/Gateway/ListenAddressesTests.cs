using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class ListenAddressesTests
{
    // The server would then take ASPNETCORE_HTTP_PORTS, on every address of the machine.
    [Theory]
    [InlineData("")]
    [InlineData(" ; ")]
    public void InUse_NoAddress_IsRefused(string urls)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Urls", urls), new("HTTP_PORTS", "8080")])
            .Build();

        Assert.Contains(
            "Urls is empty", Assert.Throws<StartRefusedException>(() => ListenAddresses.InUse(configuration)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefuseOpenAddresses_BoundWhereOthersReachIt_IsRefusedUnlessKeysAreAskedFor()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        app.Urls.Add("http://127.0.0.1:8001");
        app.Urls.Add("http://[::]:8080");

        await app.RefuseOpenAddresses(asksForKeys: true);
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => app.RefuseOpenAddresses(asksForKeys: false));

        Assert.Contains("[::]:8080", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:8001,", refused.Message, StringComparison.Ordinal);
    }
}
