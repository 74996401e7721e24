using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.Kubernetes;

/// <summary>
/// A gateway whose workers are pods: the API server is a fake, the workers are real processes that it starts and signals.
/// </summary>
[Collection("cluster-life")]
public sealed class KubernetesClusterTests
{
    [Theory, InlineData(true), InlineData(false), Trait("Category", "Long")]
    public async Task ScaleUpAndDown_UnderARunningJob_NoAttemptIsLost(bool ordered)
    {
        await using var api = await FakeKubernetes.Start(ordered, replicas: 0);
        await using var cluster = new PodCluster(api, ordered) { Workers = 2 };
        await cluster.InitializeAsync();
        File.WriteAllLines(
            Path.Combine(cluster.Folder, "n.csv"), Enumerable.Range(0, 100_000).Select(n => $"{n % 7},{n}").Prepend("k,n"));
        var id = (await cluster.SubmitAsync(new
        {
            operation = "aggregate",
            source = new { path = "n.csv" },
            parameters = new { groupBy = new[] { "k" }, where = "length(md5(repeat(k::VARCHAR, 20000))) = 32" },
            partitioning = new { targetBytes = 16_384 },
        })).GetProperty("id").GetString()!;
        await cluster.WaitAsync(id, (_, job) => Running(job) > 0);

        await Scale(cluster, 4);
        await WaitFor(cluster, "RUNNING", active: 4);
        await Scale(cluster, 1);
        await WaitFor(cluster, "RUNNING", active: 1);
        var port = await api.Stop();
        await WaitFor(cluster, "DEGRADED", active: 1, detail: "does not answer");
        await api.Listen(port);
        await WaitFor(cluster, "RUNNING", active: 1);
        var job = await cluster.WaitForEndAsync(id, seconds: 300);

        Assert.True(job.GetProperty("status").GetString() == "SUCCEEDED", job.ToString());
        var partitions = (await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500"))
            .GetProperty("items");
        Assert.All(partitions.EnumerateArray(), partition => Assert.Equal(
            ["COMMITTED"],
            partition.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("state").GetString())));
        Assert.Equal(1, api.Replicas);
        using var shape = await cluster.Http.PostAsJsonAsync("cluster/start", new { slotsPerWorker = 2 });
        Assert.Equal(System.Net.HttpStatusCode.Conflict, shape.StatusCode);
        using var stop = await cluster.Http.PostAsJsonAsync("cluster/stop", new { mode = "NOW" });
        await WaitFor(cluster, "STOPPED", active: 0);
        Assert.Equal(0, api.Replicas);
        Assert.Empty(cluster.WorkerIds());
    }

    private static int Running(JsonElement job) =>
        job.GetProperty("progress").GetProperty("partitions").GetProperty("running").GetInt32();

    private static async Task Scale(EmbeddedCluster cluster, int workers)
    {
        using var answer = await cluster.Http.PostAsJsonAsync("cluster/scale", new { workers });
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
    }

    private static async Task WaitFor(EmbeddedCluster cluster, string state, int active, string? detail = null)
    {
        JsonElement status = default;
        await EmbeddedCluster.Until(
            async () =>
            {
                status = await cluster.Http.GetFromJsonAsync<JsonElement>("cluster/status");
                return status.GetProperty("state").GetString() == state
                    && status.GetProperty("activeWorkers").GetInt32() == active
                    && (detail is null || status.GetProperty("detail").GetString()!.Contains(detail, StringComparison.Ordinal));
            },
            TimeSpan.FromSeconds(120),
            () => $"{status}\n{cluster.Log}");
    }

    /// <summary>What kubelets do: a pod is a worker process, started again when it ends by itself.</summary>
    private sealed class PodCluster : EmbeddedCluster
    {
        private readonly FakeKubernetes api;
        private readonly ConcurrentDictionary<FakePod, Process> processes = [];

        public PodCluster(FakeKubernetes api, bool ordered)
        {
            this.api = api;
            Arguments =
            [
                "--Scaling:Target=Kubernetes", $"--Scaling:Kubernetes:Kind={(ordered ? "StatefulSet" : "Deployment")}",
                $"--Scaling:Kubernetes:Name={FakeKubernetes.Workload}", $"--Scaling:Kubernetes:KubeConfig={api.KubeConfig}",
            ];
            api.Started += Run;
            api.Ending += (pod, atOnce) =>
            {
                if (processes.TryGetValue(pod, out var process) && !process.HasExited)
                {
                    QueueClient.Signal(process.Id, atOnce ? Kill : QueueClient.Terminate);
                }
            };
        }

        private const int Kill = 9;

        public override IReadOnlyList<int> WorkerIds() =>
            [.. processes.Values.Where(process => !process.HasExited).Select(process => process.Id)];

        public override async ValueTask DisposeAsync()
        {
            api.IsControlled = false;
            await KillAsync([.. WorkerIds()]);
            await base.DisposeAsync();
        }

        private void Run(FakePod pod)
        {
            var process = StartSilo(["--Cluster:Role=Worker", $"--Cluster:MachineName={pod.Name}"]);
            processes[pod] = process;
            process.EnableRaisingEvents = true;
            process.Exited += (_, _) => Ended(pod);
        }

        private void Ended(FakePod pod)
        {
            if (pod.DeletedAt is not null)
            {
                processes.TryRemove(pod, out _);
                api.End(pod);
            }
            else if (api.IsControlled)
            {
                Run(pod);
            }
        }
    }
}
