using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>A page whose gateway goes away, and comes back.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task Gateway_KilledWhileAPageIsOpen_SaysSoAndComesBackWithTheSameHistory()
    {
        await using var fixture = new BrowserCluster();
        await fixture.InitializeAsync();
        var page = await fixture.Open("/jobs");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "totals by gene" })).ToBeVisibleAsync();

        await fixture.Cluster.KillAsync();
        await Expect(page.Locator("#components-reconnect-modal .is-retrying")).ToBeVisibleAsync();
        await fixture.Cluster.ReviveAsync();

        await Expect(page.Locator("#components-reconnect-modal .is-retrying")).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "totals by gene" })).ToBeVisibleAsync();
    }
}
