using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>The console as somebody with a browser uses it.</summary>
[Collection("browser")]
public sealed class ConsoleTests(BrowserCluster fixture)
{
    [Fact]
    public async Task Submit_InTheBrowser_ShowsRowsAndAChart()
    {
        var page = await fixture.Open("/submit?body=" + Uri.EscapeDataString(
            """{"operation":"aggregate","name":"by tissue","source":{"path":"genes.csv"}}"""));
        await page.GetByLabel("Group by").FillAsync("tissue");
        await page.GetByLabel("Aggregates").FillAsync("sum(count) as total");
        await page.GetByLabel("Aggregates").BlurAsync();
        await Expect(page.GetByText("Result columns")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Submit", Exact = true }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "by tissue" })).ToBeVisibleAsync();
        await Expect(page.GetByText("The job succeeded after")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Data", Exact = true }).Last.ClickAsync();
        await fixture.Shows(page, () => Expect(page.Locator("data-grid tbody tr")).ToHaveCountAsync(4));
        await Expect(page.Locator("data-grid")).ToContainTextAsync("t3");
        await Expect(page.Locator("data-chart canvas"))
            .ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("bar chart of total by tissue, 4 rows"));
    }

    [Fact]
    public async Task FailedJob_Retried_SaysSo()
    {
        var page = await fixture.Open($"/jobs/{fixture.Failed}");
        await Expect(page.Locator("main .problem code").First).ToHaveTextAsync("bad-row");

        await page.GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();

        await Expect(page.GetByText("The job runs again")).ToBeVisibleAsync();
        await fixture.Cluster.WaitForEndAsync(fixture.Failed);
    }

    [Fact]
    public async Task RunningJob_Cancelled_EndsAsCancelled()
    {
        var id = (await fixture.Cluster.SubmitAsync(new
        {
            name = "to be cancelled", operation = "aggregate", source = new { path = "genes.csv" },
            partitioning = new { targetBytes = 1024 },
            resources = new { memoryBytes = 2147483648 },
        })).GetProperty("id").GetString()!;
        var page = await fixture.Open($"/jobs/{id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        var end = await fixture.Cluster.WaitForEndAsync(id);

        await Expect(page.Locator(".title .pill").First)
            .ToContainTextAsync(end.GetProperty("status").GetString() == "CANCELLED" ? "Cancelled" : "Succeeded");
    }

    [Fact]
    public async Task Data_Browsed_ShowsRowsOfAFile()
    {
        var page = await fixture.Open("/data");
        await page.Locator("main tbody a").First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "genes.csv", Exact = true }).ClickAsync();

        await Expect(page.GetByText("3 columns")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "First rows" })).ToContainTextAsync("g00");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Use it in a job" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Jobs_SearchedForALabel_ListsThatJobAlone()
    {
        var page = await fixture.Open("/jobs?text=ATLAS");

        await Expect(page.Locator("main tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("main tbody")).ToContainTextAsync("totals by gene");
    }

    [Fact]
    public async Task Partitions_OfFortyAndMore_AreDescribedToThoseWhoCannotSeeThem()
    {
        var summary = JsonDocument.Parse(
            await fixture.Cluster.Http.GetStringAsync($"jobs/{fixture.Succeeded}/partitions/summary")).RootElement;
        var first = summary.GetProperty("stages")[0].GetProperty("states").GetString()!;
        Assert.True(first.Length >= 20 && first.All(letter => letter == 'C'), first);

        var page = await fixture.Open($"/jobs/{fixture.Succeeded}?tab=partitions");

        await Expect(page.Locator("partition-grid canvas"))
            .ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex(@"^\d+ partitions: \d+ committed\."));
    }

    [Fact]
    public async Task Page_OpenedAndLeft_IsNoChangeInTheAuditLog()
    {
        var page = await fixture.Open("/queue");
        await Expect(page.Locator("main .stat").First).ToBeVisibleAsync();
        await page.GotoAsync("about:blank");

        var audit = await fixture.Cluster.Http.GetFromJsonAsync<JsonElement>("audit?pageSize=200");
        var targets = audit.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("target").GetString()!);

        Assert.DoesNotContain(targets, target => target.StartsWith("/_blazor", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Pages_OfTheConsole_LoadNothingFromElsewhereAndBreakNoRuleOfTheirs()
    {
        var page = await fixture.Open("/");
        var refused = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                refused.Add(message.Text);
            }
        };
        page.PageError += (_, error) => refused.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(fixture.Root, StringComparison.Ordinal))
            {
                refused.Add(request.Url);
            }
        };
        foreach (var path in AxeTests.Paths(fixture))
        {
            var answer = await page.GotoAsync(fixture.Root + path);
            Assert.StartsWith("default-src 'self';", answer!.Headers["content-security-policy"], StringComparison.Ordinal);
            await Expect(page.Locator("h1").First).ToBeVisibleAsync();
        }

        Assert.Empty(refused);
    }
}
