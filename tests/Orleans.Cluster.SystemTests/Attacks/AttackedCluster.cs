using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Attacks;

[CollectionDefinition("attacked")]
public sealed class AttackedCollection : ICollectionFixture<AttackedCluster>;

/// <summary>A cluster with keys: Ann works there, and Eve, who has a key too, wishes her no good.</summary>
public sealed class AttackedCluster : IAsyncLifetime
{
    public EmbeddedCluster Cluster { get; } = new()
    {
        Workers = 1,
        AsksForKeys = true,
        Arguments = ["--Executor:QueryTimeout=00:00:10", "--Jobs:PlanBeforeAccept=00:00:30",
            "--Callbacks:AllowPrivateTargets=true"],
    };

    /// <summary>What the cluster's processes have had of memory since it started.</summary>
    public ProcessPeaks? Peaks { get; private set; }

    public HttpClient Ann { get; private set; } = new();

    public HttpClient Eve { get; private set; } = new();

    public HttpClient Viewer { get; private set; } = new();

    public string At(string path) => Path.Combine(Cluster.Folder, path);

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(At("data"));
        await File.WriteAllLinesAsync(
            At("data/genes.csv"), Enumerable.Range(0, 1000).Select(n => $"g{n % 10},{n}").Prepend("gene,n"));
        await Cluster.StartAsync();
        Peaks = OperatingSystem.IsLinux() ? new ProcessPeaks(Cluster) : null;
        Ann = await ClientAsync("ann", "SUBMITTER");
        Eve = await ClientAsync("eve", "SUBMITTER");
        Viewer = await ClientAsync("viewer", "VIEWER");
    }

    public async ValueTask DisposeAsync()
    {
        Ann.Dispose();
        Eve.Dispose();
        Viewer.Dispose();
        if (Peaks is not null)
        {
            await Peaks.DisposeAsync();
        }

        await Cluster.DisposeAsync();
    }

    /// <summary>Ann's job runs to its end, and right; no process has had more memory than is stated.</summary>
    public async Task AnnsJobEndsRight()
    {
        var id = await SubmitAsync(Ann, Sums("data/genes.csv"));
        var end = await Cluster.WaitForEndAsync(id);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        var rows = await Ann.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");
        Assert.Equal(499_500, rows.GetProperty("rows").EnumerateArray().Sum(row => row[1].GetInt64()));
        Peaks?.AreBelowTheirCaps();
    }

    public static object Sums(string path) => new
    {
        operation = "aggregate",
        source = new { path },
        parameters = new
        {
            groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "n", @as = "total" } },
        },
    };

    public static async Task<string> SubmitAsync(HttpClient client, object job)
    {
        using var response = await client.PostAsJsonAsync("jobs/submit", job);
        var document = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True((int)response.StatusCode == 202, document.ToString());
        return document.GetProperty("id").GetString()!;
    }

    /// <summary>Status and code of the answer.</summary>
    public static async Task<(int Status, string? Code)> PostAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostAsJsonAsync(path, body);
        var document = await response.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)response.StatusCode, document.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private async Task<HttpClient> ClientAsync(string name, string role)
    {
        using var response = await Cluster.Http.PostAsJsonAsync("keys", new { name, role });
        var made = await response.Content.ReadFromJsonAsync<JsonElement>();
        var client = new HttpClient { BaseAddress = Cluster.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", made.GetProperty("secret").GetString());
        return client;
    }
}
