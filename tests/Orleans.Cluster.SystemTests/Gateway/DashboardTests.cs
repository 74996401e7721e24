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

    [Theory]
    [InlineData("/dashboard", 200)]
    [InlineData("/dashboard/", 200)]
    [InlineData("/dashboard/index.min.js", 200)]
    [InlineData("/dashboard/DashboardCounters", 200)]
    [InlineData("/dashboard/none/of/it", 404)]
    public async Task Dashboard_PagesOfIt_AreThere(string path, int status)
    {
        using var answer = await gateway.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)answer.StatusCode);
    }
}
