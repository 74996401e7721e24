using System.Globalization;
using Microsoft.Playwright;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>Pictures of every page, for people to look through; into the folder that ORLEANS_CLUSTER_SCREENSHOTS names.</summary>
[Collection("browser")]
[Trait("Category", "Long")]
public sealed class ScreenshotTests(BrowserCluster fixture)
{
    private const string FolderVariable = "ORLEANS_CLUSTER_SCREENSHOTS";

    [Fact]
    public async Task Pages_WithARunningJobAndAFailedOne_ArePictured()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) ?? "";
        Assert.SkipWhen(folder.Length == 0, $"{FolderVariable} names no folder.");
        Directory.CreateDirectory(folder);
        var queue = new QueueClient(fixture.Cluster);
        queue.WriteNumbers("slow.csv", 12_000);
        var slow = QueueClient.Slow("slow.csv", partitions: 40);
        slow["name"] = "similar sequences";
        var running = await queue.SubmitAsync(slow);
        await queue.RunningAsync(running);

        await Picture(folder, fixture.Root,
        [
            .. AxeTests.Paths(fixture), $"/jobs/{running}", $"/jobs/{running}?tab=partitions", $"/jobs/{running}?tab=timeline",
            "/data?path=.&file=genes.csv",
            $"/submit?from={fixture.Succeeded}",
        ], path => path.Replace(fixture.Succeeded, "job", StringComparison.Ordinal)
            .Replace(fixture.Failed, "failed", StringComparison.Ordinal).Replace(running, "running", StringComparison.Ordinal));
        using var cancelled = await queue.CancelAsync(running);
    }

    [Fact]
    public async Task Pages_OfAClusterWithoutJobs_ArePictured()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) ?? "";
        Assert.SkipWhen(folder.Length == 0, $"{FolderVariable} names no folder.");
        Directory.CreateDirectory(folder);
        await using var empty = new EmbeddedCluster { Workers = 1 };
        await empty.StartAsync();

        await Picture(folder, empty.Http.BaseAddress!.GetLeftPart(UriPartial.Authority),
            ["/", "/jobs", "/submit", "/data", "/cluster", "/queue", "/history", "/advice", "/audit", "/keys", "/health"],
            path => "empty-" + path.Trim('/'));
    }

    private async Task Picture(string folder, string root, IReadOnlyList<string> paths, Func<string, string> name)
    {
        foreach (var (width, isDark) in new[] { (1280, false), (1280, true), (390, false), (390, true), (2560, true),
            (2560, false) })
        {
            var page = await fixture.Open("/", isDark, width);
            foreach (var path in paths)
            {
                await page.GotoAsync(root + path);
                await Expect(page.Locator("h1").First).ToBeVisibleAsync();
                await page.WaitForFunctionAsync("() => document.querySelector('#app h1')?.textContent.includes('…') === false");
                await page.WaitForTimeoutAsync(1_500);
                await page.ScreenshotAsync(
                    new PageScreenshotOptions
                    {
                        Path = Path.Combine(folder, Name(name(path), width, isDark)), FullPage = true,
                    });
            }

            await page.Context.CloseAsync();
        }
    }

    private static string Name(string path, int width, bool isDark)
    {
        var plain = path.Trim('/');
        var name = string.Concat((plain.Length == 0 ? "now" : plain).Select(sign => char.IsLetterOrDigit(sign) ? sign : '-'));
        return string.Create(CultureInfo.InvariantCulture, $"{width}-{(isDark ? "dark" : "light")}-{name}.png");
    }
}
