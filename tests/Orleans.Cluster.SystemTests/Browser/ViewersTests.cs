using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>
/// What viewers cost a cluster that runs a job, as processor time of its gateway. The figures are printed; what is asserted is
/// that every page shows the job.
/// </summary>
[Collection("browser")]
[Trait("Category", "Long")]
public sealed class ViewersTests(BrowserCluster browser, ITestOutputHelper output)
{
    private const int Many = 50;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Pages_OfManyViewers_ShowTheJobThatRuns()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.StartAsync();
        var queue = new QueueClient(cluster);
        queue.WriteNumbers("slow.csv", 60_000);
        var job = QueueClient.Slow("slow.csv", partitions: 40);
        job["name"] = "similar sequences";
        await queue.RunningAsync(await queue.SubmitAsync(job));
        var root = cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        await Task.Delay(Settle, TestContext.Current.CancellationToken);
        var before = await Share(cluster);

        await Open(root);
        await Task.Delay(Settle, TestContext.Current.CancellationToken);
        var one = await Share(cluster);
        for (var viewer = 1; viewer < Many; viewer++)
        {
            await Open(root);
        }

        await Task.Delay(Settle, TestContext.Current.CancellationToken);
        var many = await Share(cluster);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Of one processor: nobody looks {before:0.0 %}; one viewer adds {one - before:0.0 %}, {Many} add "
            + $"{many - before:0.0 %}."));
    }

    private async Task Open(string root)
    {
        var page = await browser.Open("/");
        await page.GotoAsync(root);
        await Expect(page.GetByText("similar sequences").First).ToBeVisibleAsync();
    }

    private static async Task<double> Share(EmbeddedCluster cluster)
    {
        using var gateway = Process.GetProcessById(cluster.GatewayId);
        var (used, clock) = (gateway.TotalProcessorTime, Stopwatch.StartNew());
        await Task.Delay(Look, TestContext.Current.CancellationToken);
        gateway.Refresh();
        return (gateway.TotalProcessorTime - used) / clock.Elapsed;
    }
}
