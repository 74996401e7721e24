using System.Net.Sockets;
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

    [Theory]
    [InlineData("127.0.0.1:8001", "'127.0.0.1:8001' of Urls is not an address. Write it as http://127.0.0.1:8001.")]
    [InlineData("ftp://127.0.0.1:8001", "'ftp://127.0.0.1:8001' of Urls begins with ftp://. Write http:// or https://.")]
    [InlineData("http://127.0.0.1:99999", "The port of 'http://127.0.0.1:99999' (Urls) is not a number from 0 to 65535.")]
    [InlineData("http://127.0.0.1:80a", "The port of 'http://127.0.0.1:80a' (Urls) is not a number from 0 to 65535.")]
    [InlineData("http://127.0.0.1:8001/x",
        "'http://127.0.0.1:8001/x' of Urls has a path, and a gateway listens at none. Write it as http://127.0.0.1:8001.")]
    [InlineData("http://127.0.0.1:0;https://[::1]:8443/;http://*:80;HTTP://localhost;http://unix:/run/oc.sock")]
    public void FindMalformed_Addresses_EachFaultIsNamed(string urls, params string[] expected) =>
        Assert.Equal(expected, ListenAddresses.FindMalformed(urls));

    [Theory]
    [InlineData(SocketError.AddressAlreadyInUse,
        "Port 80 of h is taken by another process. Stop that, or set Urls to another address.")]
    [InlineData(SocketError.AccessDenied,
        "This user may not listen on port 80 of h: low ports are the system's. Set Urls to another port, such as 8001.")]
    [InlineData(SocketError.AddressNotAvailable, "This machine does not have the address h. Set Urls to one that it has.")]
    public void WhyNot_EachErrorOfTheSystem_HasASentenceOfItsOwn(SocketError error, string expected) =>
        Assert.Equal(expected, $"{FreePorts.WhyNot(error, "h", 80)} {FreePorts.Remedy(error, "Urls")}");

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
