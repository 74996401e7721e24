using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.UnitTests.Planning;

public sealed class ClusterPathsTests
{
    [Theory]
    [InlineData("https://host/artifacts")]
    [InlineData("s3://")]
    [InlineData("s3://bucket//artifacts")]
    [InlineData("s3://bucket/../artifacts")]
    [InlineData("s3://bucket/artifacts-*")]
    public void Artifacts_AnAddressThatIsNoPlaceOfObjects_IsRefused(string store)
    {
        var refusal = Assert.Throws<StartRefusedException>(() =>
            new ClusterPaths(Options.Create(new ClusterSettings { ArtifactStore = store })));

        Assert.Contains(store, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://bucket", "s3://bucket")]
    [InlineData("S3://bucket/artifacts/", "s3://bucket/artifacts")]
    public void Artifacts_InAnObjectStore_AreAddressesAndNoFolder(string store, string artifacts)
    {
        var paths = new ClusterPaths(Options.Create(new ClusterSettings { ArtifactStore = store }));

        Assert.Equal((artifacts, null), (paths.Artifacts, paths.ArtifactFolder));
        Assert.Equal($"{artifacts}/j/0/1/2", paths.Artifact("j/0/1/2"));
    }
}
