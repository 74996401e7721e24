namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>The Orleans dashboard as this product serves it.</summary>
[Collection("gateway")]
public sealed class DashboardTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Script_OfTheDashboard_TakesGrainsOfThisProductForNoGrainsOfThePlatform()
    {
        var script = await gateway.Http.GetStringAsync("/dashboard/index.min.js");

        Assert.Contains(
            "e.grainType.startsWith(`Orleans.`)&&!e.grainType.startsWith(`Orleans.Cluster.`)", script, StringComparison.Ordinal);
        Assert.DoesNotContain("=e.grainType.startsWith(`Orleans.`),", script, StringComparison.Ordinal);
    }
}
