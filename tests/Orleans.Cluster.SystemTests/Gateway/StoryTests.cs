using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>The story of a job to which something has happened.</summary>
[Trait("Category", "Long")]
public sealed class StoryTests : IAsyncLifetime
{
    private readonly EmbeddedCluster cluster = new();

    public ValueTask InitializeAsync() => cluster.InitializeAsync();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Story_OfAJobWhoseWorkerWasKilled_NamesTheWorkerAndTheAttempts()
    {
        var queue = new QueueClient(cluster);
        queue.WriteNumbers("numbers.csv", 400);
        var id = await queue.SubmitAsync(QueueClient.Slow("numbers.csv", partitions: 4));
        await queue.RunningAsync(id);
        var process = await queue.WorkerOfAsync(id);
        var workers = await queue.WorkersAsync();
        var worker = workers.Single(each => each.GetProperty("processId").GetInt32() == process).GetProperty("id").GetString()!;

        System.Diagnostics.Process.GetProcessById(process).Kill();
        JsonElement lost = default;
        await EmbeddedCluster.Until(
            async () =>
            {
                var findings = (await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/story")).GetProperty("findings");
                lost = findings.EnumerateArray().FirstOrDefault(each => each.GetProperty("code").GetString() == "worker-lost");
                return lost.ValueKind == JsonValueKind.Object;
            },
            TimeSpan.FromMinutes(2), () => cluster.Log.ToString());

        Assert.StartsWith($"{worker}: 1 attempt", lost.GetProperty("evidence").GetString(), StringComparison.Ordinal);
        using var cancelled = await queue.CancelAsync(id);
    }
}
