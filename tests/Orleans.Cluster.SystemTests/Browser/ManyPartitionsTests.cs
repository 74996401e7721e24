using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>A job with ten thousand partitions in a browser. Bounds are over bytes and elements; times are printed.</summary>
[Collection("browser")]
[Trait("Category", "Long")]
public sealed class ManyPartitionsTests(BrowserCluster browser, ManyPartitionsTests.Idle idle, ITestOutputHelper output)
    : IClassFixture<ManyPartitionsTests.Idle>
{
    private const int Partitions = 10_000;

    // How long the script of each frame takes, kept by the page itself.
    private const string Measure =
        """
        window.longest = 0;
        const next = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = call => next(at => {
            const from = performance.now();
            call(at);
            window.longest = Math.max(window.longest, performance.now() - from);
        });
        """;

    [Fact]
    public async Task Job_OfTenThousandPartitions_IsOneSmallAnswerAndFewElements()
    {
        var queue = new QueueClient(idle.Cluster);
        queue.WriteNumbers("many.csv", 4 * Partitions);
        var job = QueueClient.Quick("many.csv", partitions: Partitions);
        job["partitioning"] = new { minPartitions = Partitions, maxPartitions = Partitions };
        var id = await queue.SubmitAsync(job);
        await EmbeddedCluster.Until(
            async () => Total(await queue.StatusAsync(id)) == Partitions,
            TimeSpan.FromMinutes(2), () => idle.Cluster.Log.ToString());
        var summary = await idle.Cluster.Http.GetByteArrayAsync($"jobs/{id}/partitions/summary");
        var stage = JsonDocument.Parse(summary).RootElement.GetProperty("stages")[0];
        Assert.Equal(Partitions, stage.GetProperty("states").GetString()!.Length);
        Assert.InRange(summary.Length, Partitions, 20 * Partitions);

        var page = await browser.Open("/");
        await page.AddInitScriptAsync(Measure);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await page.GotoAsync($"{idle.Root}/jobs/{id}?tab=partitions");
        var canvas = page.Locator("partition-grid canvas");
        await Expect(canvas).ToHaveAttributeAsync("aria-label", new Regex(@"^10 k partitions: 10 k waiting\."));
        output.WriteLine($"Open after {clock.ElapsedMilliseconds} ms.");

        await page.EvaluateAsync("() => { window.longest = 0; }");
        var box = (await canvas.BoundingBoxAsync())!;
        for (var step = 0; step < 100; step++)
        {
            await page.Mouse.MoveAsync((float)(box.X + (box.Width * step / 100)), (float)(box.Y + 30 + (step % 20 * 7)));
        }

        output.WriteLine($"Longest script of a frame: {await page.EvaluateAsync<double>("() => window.longest"):0.0} ms.");
        Assert.InRange(await page.EvaluateAsync<int>("() => document.querySelectorAll('*').length"), 100, 3_000);
    }

    private static int Total(JsonElement status) =>
        status.GetProperty("progress").GetProperty("partitions").GetProperty("total").GetInt32();

    /// <summary>A cluster without workers, so that the job stays as it is.</summary>
    public sealed class Idle : IAsyncLifetime
    {
        public EmbeddedCluster Cluster { get; } = new() { Workers = 0 };

        public string Root => Cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

        public async ValueTask InitializeAsync()
        {
            if (File.Exists(BrowserCluster.Chromium))
            {
                await Cluster.StartAsync();
            }
        }

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}
