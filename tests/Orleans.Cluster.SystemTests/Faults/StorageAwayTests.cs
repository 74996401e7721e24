using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>The database goes away in the middle of a job and comes back: that costs the time and nothing else.</summary>
[Collection("kills")]
public sealed class StorageAwayTests : IClassFixture<HandRunCluster>
{
    private readonly HandRunCluster cluster;

    public StorageAwayTests(HandRunCluster cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact, Provokes("storage-unavailable")]
    public Task Stop_ForAWhile_CostsTheTimeAndNothingElse() => Run(TimeSpan.FromSeconds(8));

    [Fact]
    [Trait("Category", "Long")]
    public Task Stop_ForHalfAMinute_CostsTheTimeAndNothingElse() => Run(TimeSpan.FromSeconds(30));

    private async Task Run(TimeSpan away)
    {
        var job = new FaultJob(cluster);
        var undisturbed = await job.MeasureAsync();
        var (gateway, workers) = (cluster.GatewayId, cluster.WorkerIds());
        var id = await job.SubmitAsync(outputPath: null);
        await Task.Delay(undisturbed / 3);

        await cluster.Server.Stop(immediate: true);
        var clock = Stopwatch.StartNew();
        var refused = await SubmitAsync();
        var seen = await PhasesWhileAsync(id, () => clock.Elapsed < away);
        await cluster.Server.Start();
        clock.Restart();
        var partitions = await job.CheckAsync(id, outputPath: null);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{undisturbed.TotalSeconds:0.0} s undisturbed, {clock.Elapsed.TotalSeconds:0.0} s after the return; seen: "
            + $"{string.Join(", ", seen)}");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "storage-unavailable"), refused);
        Assert.DoesNotContain("FAILED", seen);
        Assert.Equal(workers.Append(gateway), cluster.WorkerIds().Append(cluster.GatewayId));
        Assert.DoesNotContain(partitions.SelectMany(partition => partition.Attempts), attempt => attempt.State == "FAILED");
        await Leftovers.CheckNoneAsync(cluster);
    }

    private async Task<(HttpStatusCode, string?)> SubmitAsync()
    {
        using var response = await cluster.Http.PostAsJsonAsync(
            "jobs/submit", new { operation = "convert", source = new { path = "faults.csv" } });
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (response.StatusCode, problem.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private async Task<HashSet<string>> PhasesWhileAsync(string id, Func<bool> condition)
    {
        var seen = new HashSet<string>();
        while (condition())
        {
            if (await cluster.TryStatusAsync(id) is { } status)
            {
                seen.Add(status.GetProperty("status").GetString()!);
                if (status.GetProperty("reason") is { ValueKind: JsonValueKind.Object } reason)
                {
                    seen.Add(reason.GetProperty("code").GetString()!);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        return seen;
    }
}
