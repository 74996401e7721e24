using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.UnitTests.Planning;

public sealed class ClusterPathsTests
{
    [Theory]
    [InlineData("s3://bucket/artifacts")]
    [InlineData("https://host/artifacts")]
    public void Artifacts_AnAddress_IsRefused(string store)
    {
        var refusal = Assert.Throws<StartRefusedException>(() =>
            new ClusterPaths(Options.Create(new ClusterSettings { ArtifactStore = store })));

        Assert.Contains(store, refusal.Message, StringComparison.Ordinal);
    }
}
