using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>Every page, dark and light, as an accessibility checker sees it; and none wider than its window.</summary>
[Collection("browser")]
[Trait("Category", "Long")]
public sealed class AxeTests(BrowserCluster fixture)
{
    private static readonly string[] Tabs =
        ["story", "graph", "partitions", "timeline", "profile", "data", "quarantine", "plan", "log", "resources", "json"];

    public static IEnumerable<string> Paths(BrowserCluster cluster) =>
    [
        "/", "/jobs", "/submit", "/data", "/cluster", "/queue", "/history", "/advice", "/audit", "/keys", "/health", "/sign-in",
        .. Tabs.Select(tab => $"/jobs/{cluster.Succeeded}?tab={tab}"), $"/jobs/{cluster.Failed}",
    ];

    [Theory, InlineData(true), InlineData(false)]
    public async Task Pages_InEachTheme_HaveNoSeriousFinding(bool isDark)
    {
        var page = await fixture.Open("/", isDark);
        var found = new List<string>();
        foreach (var path in Paths(fixture))
        {
            await Show(page, path);
            var result = await page.RunAxe(new AxeRunOptions { ResultTypes = new HashSet<ResultType> { ResultType.Violations } });
            found.AddRange(result.Violations.Where(finding => finding.Impact is "serious" or "critical")
                .Select(finding =>
                    $"{path}: {finding.Id}: {string.Join(" | ", finding.Nodes.Take(3).Select(node => node.Html))}"));
        }

        Assert.Empty(found);
    }

    [Theory, InlineData(390), InlineData(1280), InlineData(2560)]
    public async Task Pages_AtEachWidth_AreNotWiderThanTheWindow(int width)
    {
        var page = await fixture.Open("/", width: width);
        var wide = new List<string>();
        foreach (var path in Paths(fixture))
        {
            await Show(page, path);
            var over = await page.EvaluateAsync<int>(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (over > 0)
            {
                wide.Add($"{path}: {over} px");
            }
        }

        Assert.Empty(wide);
    }

    private async Task Show(IPage page, string path)
    {
        await page.GotoAsync(fixture.Root + path);
        await Expect(page.Locator("h1").First).ToBeVisibleAsync();
        // What the page asks for is on it, or said to be missing, once the requests are over.
        await page.WaitForFunctionAsync("() => document.querySelector('#app h1')?.textContent.includes('…') === false");
    }
}
