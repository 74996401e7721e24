using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class SharedProtectionTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(n => (byte)n)];

    [Fact]
    public void Unprotect_ByAnotherGatewayWithTheSameKey_GivesItBack()
    {
        var (one, other) = (new SharedProtection(() => Key).CreateProtector("page", "v1"),
            new SharedProtection(() => Key).CreateProtector("page", "v1"));

        var kept = one.Protect("state of a page");

        Assert.DoesNotContain("page", kept, StringComparison.Ordinal);
        Assert.NotEqual(kept, one.Protect("state of a page"));
        Assert.Equal("state of a page", other.Unprotect(kept));
        Assert.Equal(
            "state of a page",
            other.ToTimeLimitedDataProtector()
            .Unprotect(one.ToTimeLimitedDataProtector().Protect("state of a page", TimeSpan.FromHours(1))));
    }

    [Fact]
    public void Unprotect_AnotherKeyAnotherPurposeOrChanged_IsRefused()
    {
        var protection = new SharedProtection(() => Key);
        var kept = protection.CreateProtector("page").CreateProtector("v1").Protect([1, 2, 3]);

        Assert.ThrowsAny<CryptographicException>(() => new SharedProtection(() => new byte[32]).CreateProtector("page")
            .CreateProtector("v1").Unprotect(kept));
        Assert.ThrowsAny<CryptographicException>(() => protection.CreateProtector("pagev1").Unprotect(kept));
        Assert.ThrowsAny<CryptographicException>(() => protection.CreateProtector("page").Unprotect(kept));
        Assert.ThrowsAny<CryptographicException>(() => protection.CreateProtector("page")
            .CreateProtector("v1").Unprotect(kept[..^1]));
        Assert.ThrowsAny<CryptographicException>(() => protection.CreateProtector("page")
            .CreateProtector("v1").Unprotect([1, 2, 3]));
    }
}
