using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The cluster's figures as a user sees them.</summary>
[Collection("cluster-life")]
public sealed partial class MetricsTests
{
    [Fact]
    public async Task History_AfterAJob_AgreesWithWhatTheJobReports()
    {
        await using var cluster = new EmbeddedCluster { Workers = 1 };
        await cluster.InitializeAsync();
        File.WriteAllLines(Path.Combine(cluster.Folder, "n.csv"), Enumerable.Range(0, 20_000).Select(n => $"{n}").Prepend("n"));
        var id = (await cluster.SubmitAsync(
            new { operation = "convert", source = new { path = "n.csv" }, partitioning = new { targetBytes = 16_384 } }))
            .GetProperty("id").GetString()!;
        var job = await cluster.WaitForEndAsync(id);
        Assert.Equal("SUCCEEDED", job.GetProperty("status").GetString());

        var partitions = job.GetProperty("progress").GetProperty("partitions").GetProperty("completed").GetInt32();
        JsonElement history = default;
        await EmbeddedCluster.Until(
            async () =>
            {
                history = await cluster.Http.GetFromJsonAsync<JsonElement>("metrics/cluster?step=10");
                return Math.Abs(Total(history, "partitionsPerSecond") - partitions) < 0.01;
            },
            TimeSpan.FromSeconds(40),
            () => $"{partitions} partitions; {history}");

        Assert.Equal(20_000, Total(history, "rowsPerSecond"), 0.5);
        Assert.Equal(1, history.GetProperty("current").GetProperty("figures").GetProperty("workersActive").GetDouble());

        // The job's last partitions can be in a sample that was taken before the job ended: it is counted with the next.
        var prometheus = "";
        await EmbeddedCluster.Until(
            async () => (prometheus = await cluster.Http.GetStringAsync("/metrics"))
                .Contains("orleans_cluster_jobs_ended_total{", StringComparison.Ordinal),
            TimeSpan.FromSeconds(40),
            () => prometheus);
        var exported = Names().Matches(prometheus).Select(match => match.Value).ToHashSet();
        foreach (var file in (string[])["alerts.yml", "dashboard.json"])
        {
            var named = Names()
                .Matches(await File.ReadAllTextAsync(Path.Combine(Deploy(), "prometheus", file)))
                .Select(match => match.Value).ToHashSet();
            Assert.True(named.Count >= 8, $"{file} names {named.Count}");
            Assert.Empty(named.Except(exported));
        }

        Assert.Contains("status=\"succeeded\"", prometheus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_ThatCannotBeServed_IsRefused()
    {
        await using var cluster = new EmbeddedCluster { Workers = 0 };
        await cluster.InitializeAsync();

        foreach (var query in (string[])["step=0", "step=fast", "since=yesterday", "since=2020-01-01T00:00:00Z&step=1",
            "stepp=3"])
        {
            using var answer = await cluster.Http.GetAsync($"metrics/cluster?{query}");
            Assert.True(answer.StatusCode == System.Net.HttpStatusCode.BadRequest, query);
        }
    }

    private static string Deploy([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy");

    [GeneratedRegex(@"orleans_cluster_\w+")]
    private static partial Regex Names();

    private static double Total(JsonElement history, string figure) => history.GetProperty("samples").EnumerateArray()
        .Sum(sample => sample.GetProperty("figures").GetProperty(figure).GetDouble() * sample.GetProperty("seconds").GetDouble());
}
