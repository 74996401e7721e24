using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Browser;

[CollectionDefinition("browser")]
public sealed class BrowserCollection : ICollectionFixture<BrowserCluster>;

/// <summary>A cluster with a few jobs, and a browser that looks at its console.</summary>
public sealed class BrowserCluster : IAsyncLifetime
{
    public const string Chromium = "/usr/bin/chromium";

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    /// <summary>How long a page may take to show what it should, on a machine that does other work too.</summary>
    private const float PatienceMs = 30_000;

    private IPlaywright? playwright;

    private readonly FixedAddress cluster = new() { Workers = 2 };

    public EmbeddedCluster Cluster => cluster;

    public IBrowser Browser { get; private set; } = null!;

    /// <summary>Where the console is, also after the gateway has started again.</summary>
    public string Root => cluster.Address;

    /// <summary>A job with a result, of 40 partitions.</summary>
    public string Succeeded { get; private set; } = "";

    /// <summary>A job that a bad row has ended.</summary>
    public string Failed { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
        {
            return;
        }

        await WriteData();
        await Cluster.StartAsync();
        Succeeded = await Submit(new
        {
            name = "totals by gene", operation = "aggregate", source = new { path = "genes.csv" },
            partitioning = new { targetBytes = 4096 },
            labels = new { project = "atlas" },
            parameters = new
            {
                groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
            },
        });
        Failed = await Submit(new
        {
            name = "a bad row", operation = "filter", parameters = new { where = "count > 0" },
            source = new { path = "bad.csv", options = new { columns = new { gene = "VARCHAR", count = "BIGINT" } } },
        });
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = Arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        playwright?.Dispose();
        await Cluster.DisposeAsync();
    }

    /// <summary>A page of its own, whose errors fail the test.</summary>
    public async Task<IPage> Open(string path, bool isDark = true, int width = 1280)
    {
        Assert.SkipUnless(
            File.Exists(Chromium), "Chromium is not installed; tests/run.sh installs it from the system's packages.");
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = isDark
                ? ColorScheme.Dark
                : ColorScheme.Light, ViewportSize = new ViewportSize { Width = width, Height = 900 },
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(2 * PatienceMs);
        await page.GotoAsync($"{Root}{path}");
        return page;
    }

    /// <summary>Awaits it, and says what the page and the gateway's log had instead.</summary>
    public async Task Shows(IPage page, Func<Task> expected)
    {
        if (await Record.ExceptionAsync(expected) is PlaywrightException fault)
        {
            Assert.Fail($"{fault.Message}\n{page.Url}\n{await page.Locator("body").InnerTextAsync()}\n{Cluster.Log}");
        }
    }

    private async Task<string> Submit(object job)
    {
        var id = (await Cluster.SubmitAsync(job)).GetProperty("id").GetString()!;
        await Cluster.WaitForEndAsync(id);
        return id;
    }

    private async Task WriteData()
    {
        var rows = new StringBuilder("gene,tissue,count\n");
        for (var n = 0; n < 8000; n++)
        {
            rows.Append(CultureInfo.InvariantCulture, $"g{n % 25:00},t{n % 4},{n % 97}\n");
        }

        await File.WriteAllTextAsync(Path.Combine(Cluster.Folder, "genes.csv"), rows.ToString());
        await File.WriteAllTextAsync(Path.Combine(Cluster.Folder, "bad.csv"), "gene,count\nTP53,12\nEGFR,many\n");
        Directory.CreateDirectory(Path.Combine(Cluster.Folder, "folder"));
        await File.WriteAllTextAsync(Path.Combine(Cluster.Folder, "folder", "more.csv"), "gene,count\nTP53,12\n");
    }

    /// <summary>A gateway that has the same address in each of its lives, beside one of its own.</summary>
    private sealed class FixedAddress : EmbeddedCluster
    {
        public string Address { get; } = $"http://127.0.0.1:{FreePort()}";

        protected override IReadOnlyList<string> Listen(string address) => [$"--Urls={address};{Address}"];
    }
}
