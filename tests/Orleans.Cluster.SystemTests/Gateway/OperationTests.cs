using System.Net.Http.Json;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Every operation that the document describes, called as it describes it.</summary>
[Collection("gateway")]
public sealed class OperationTests(GatewayCluster gateway)
{
    private static readonly Dictionary<string, object?> Bodies = new()
    {
        ["SubmitJob"] = Sums(),
        ["PartitionData"] = new { source = new { path = "genes.csv" } },
        ["PreviewData"] = new { source = new { path = "genes.csv" }, limit = 5 },
        ["CreateKey"] = new { name = "operations", role = "VIEWER" },
        ["StartCluster"] = null,
        ["StopCluster"] = new { mode = "NOW" },
        ["ScaleCluster"] = new { workers = 1 },
        ["OpenSession"] = null,
        ["DrainWorker"] = null,
        ["CancelJob"] = null,
        ["RetryJob"] = null,
    };

    // What the state of a job or of the cluster forbids is an answer too; all others succeed. Stopped and started again, the last
    // first.
    private static readonly Dictionary<string, int> Others = new() { ["CancelJob"] = 409, ["RetryJob"] = 409,
        ["DrainWorker"] = 404 };

    private static readonly string[] Last = ["RevokeKey", "DeleteJob", "StopCluster", "StartCluster"];

    [Fact]
    public async Task Operations_EachOfTheDocument_AnswersAsDescribed()
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()
                .Select(method => (Path: path.Name, Method: method.Name, Operation: method.Value)))
            .OrderBy(one => Array.IndexOf(Last, NameOf(one.Operation)));
        var job = await gateway.SucceededAsync(Sums());
        var key = Id(
            (await gateway.SendAsync(HttpMethod.Post, "keys", new { name = "operation", role = "VIEWER" })).Body.GetProperty(
                "key"));

        var odd = new List<string>();
        foreach (var (path, method, operation) in operations)
        {
            var name = NameOf(operation);
            var address = path.Replace("{id}", name.Contains("Key", StringComparison.Ordinal)
                ? key
                : job, StringComparison.Ordinal)
                .Replace("{index}", "0", StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(method), address);
            request.Content = method == "post" && Bodies[name] is { } body ? JsonContent.Create(body) : null;

            // Not to its end: the events of the cluster have none.
            using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var status = (int)response.StatusCode;
            var expected = Others.GetValueOrDefault(name, 200);
            if (status / 100 != expected / 100 || !operation.GetProperty("responses").TryGetProperty($"{status}", out _))
            {
                odd.Add($"{name}: {status} {await response.Content.ReadAsStringAsync()}");
            }
        }

        Assert.Empty(odd);
        await EndToEnd.EmbeddedCluster.Until(
            async () => (await gateway.Http.GetAsync("health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(60),
            () => $"{gateway.Cluster.Log}");
    }

    private static string NameOf(JsonElement operation) => operation.GetProperty("operationId").GetString()!;
}
