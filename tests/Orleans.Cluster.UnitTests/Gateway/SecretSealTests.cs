using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class SecretSealTests
{
    private readonly SecretSeal seal = new(() => [.. Enumerable.Range(0, 32).Select(n => (byte)n)]);

    [Fact]
    public void Seal_Secret_IsNotInItAndComesBack()
    {
        var stored = seal.Seal("whsec_of-a-caller");

        Assert.DoesNotContain("of-a-caller", stored, StringComparison.Ordinal);
        Assert.NotEqual(stored, seal.Seal("whsec_of-a-caller"));
        Assert.Equal("whsec_of-a-caller", seal.Open(stored));
    }

    [Fact]
    public void Open_StoredBeforeSecretsWereSealed_IsTheSecret() => Assert.Equal("whsec_old", seal.Open("whsec_old"));

    [Fact]
    public void Open_AnotherKeyOrChanged_IsNothing()
    {
        var stored = seal.Seal("secret");
        var other = new SecretSeal(() => new byte[32]);

        Assert.Null(other.Open(stored));
        Assert.Null(seal.Open(stored[..^4] + "AAAA"));
        Assert.Null(seal.Open(stored[..12]));
    }
}
