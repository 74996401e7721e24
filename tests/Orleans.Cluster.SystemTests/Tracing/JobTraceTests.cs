using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Tracing;

/// <summary>
/// A job is one trace, whichever processes work for it. The spans are collected as a user's collector gets them.
/// </summary>
[Collection("cluster-life")]
public sealed class JobTraceTests
{
    private const string CallersTrace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task Job_OfSeveralProcesses_IsOneTrace()
    {
        await using var receiver = await OtlpReceiver.Start();
        await using var cluster = new EmbeddedCluster { Workers = 2, Arguments = Arguments(receiver) };
        await cluster.InitializeAsync();
        var id = await Submit(cluster, rows: 20_000);
        Assert.Equal("SUCCEEDED", (await cluster.WaitForEndAsync(id)).GetProperty("status").GetString());
        var attempts = (await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500"))
            .GetProperty("items").GetArrayLength();

        await EmbeddedCluster.Until(
            () => Task.FromResult(Of(receiver, id).Count(span => span.Name == "attempt") == attempts
                && Of(receiver, id).Any(span => span.Name == "job")),
            TimeSpan.FromSeconds(30), () => Show(receiver, id));

        var spans = AssertOneTree(receiver, id);
        Assert.DoesNotContain(receiver.Spans.Except(spans), span => span.TraceId == spans[0].TraceId);
        Assert.Equal(3, spans.Select(span => span.Process).Distinct().Count());
        Assert.Equal(["submit"], spans.Where(span => span.LinkedTraces.Contains(CallersTrace)).Select(span => span.Name));
        Assert.Equal(attempts, spans.Count(span => span.Name == "execute"));
        Assert.Equal(attempts, spans.Count(span => span.Name == "commit"));
        var stages = spans.Where(span => span.Name.StartsWith("stage ", StringComparison.Ordinal))
            .ToDictionary(span => span.SpanId);
        Assert.All(spans.Where(span => span.Name == "attempt"),
            span => Assert.Equal(stages[span.ParentId].Tags["stage"], span.Tags["stage"]));
        Assert.Contains(receiver.Spans, span => span.TraceId == CallersTrace
            && span.Process.StartsWith("gateway", StringComparison.Ordinal));
    }

    [Fact, Trait("Category", "Long")]
    public async Task Job_WhoseGatewayIsKilled_IsStillOneTrace()
    {
        await using var receiver = await OtlpReceiver.Start();
        await using var cluster = new EmbeddedCluster { Workers = 2, Arguments = Arguments(receiver) };
        await cluster.InitializeAsync();
        var id = await Submit(cluster, rows: 200_000);
        await cluster.WaitAsync(
            id, (_, job) => job.GetProperty("progress").GetProperty("partitions").GetProperty("completed").GetInt32() > 2);

        await cluster.KillAsync();
        await cluster.ReviveAsync();
        Assert.Equal("SUCCEEDED", (await cluster.WaitForEndAsync(id, seconds: 300)).GetProperty("status").GetString());
        await EmbeddedCluster.Until(
            () => Task.FromResult(Of(receiver, id).Any(span => span.Name == "job")), TimeSpan.FromSeconds(30),
            () => Show(receiver, id));

        var spans = AssertOneTree(receiver, id);
        Assert.True(spans.Select(span => span.Process).Distinct().Count() > 3, Show(receiver, id));
        await EmbeddedCluster.Until(
            () => Task.FromResult(receiver.Figures > 0), TimeSpan.FromSeconds(90), () => "No figures came.");
    }

    [Fact]
    public async Task Start_EndpointThatIsNoAddress_IsRefused()
    {
        await using var cluster = new EmbeddedCluster();

        var (exitCode, output) = await cluster.CommandAsync(
            "--Urls=http://127.0.0.1:0", "--Cluster:DashboardPort=0", "--OTEL_EXPORTER_OTLP_ENDPOINT=collector");

        Assert.Equal(1, exitCode);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT must be an address", output, StringComparison.Ordinal);
    }

    private static string[] Arguments(OtlpReceiver receiver) =>
    [
        $"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        "--OTEL_BSP_SCHEDULE_DELAY=300",
        "--OTEL_METRIC_EXPORT_INTERVAL=2000",
    ];

    private static async Task<string> Submit(EmbeddedCluster cluster, int rows)
    {
        File.WriteAllLines(
            Path.Combine(cluster.Folder, "n.csv"), Enumerable.Range(0, rows).Select(n => $"{n % 7},{n}").Prepend("k,n"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "jobs/submit")
        {
            Content = JsonContent.Create(new
            {
                operation = "aggregate",
                source = new { path = "n.csv" },
                parameters = new { groupBy = new[] { "k" }, where = "length(md5(repeat(k::VARCHAR, 20000))) = 32" },
                partitioning = new { targetBytes = 16_384 },
            }),
        };
        request.Headers.Add("traceparent", $"00-{CallersTrace}-b7ad6b7169203331-01");
        using var response = await cluster.Http.SendAsync(request);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private static List<ReceivedSpan> AssertOneTree(OtlpReceiver receiver, string id)
    {
        var spans = Of(receiver, id);
        Assert.Single(spans.Select(span => span.TraceId).Distinct());
        var root = Assert.Single(spans, span => span.ParentId.Length == 0);
        Assert.Equal("job", root.Name);
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        Assert.Equal(spans.Count, ids.Count);
        Assert.True(spans.TrueForAll(span => span == root || ids.Contains(span.ParentId)), Show(receiver, id));
        return spans;
    }

    // Parts of an attempt are known by the attempt that they are below.
    private static List<ReceivedSpan> Of(OtlpReceiver receiver, string id)
    {
        var all = receiver.Spans.ToList();
        var own = all.Where(span => span.Tags.GetValueOrDefault("job") == id).ToList();
        var ids = own.Select(span => span.SpanId).ToHashSet();
        return [.. own, .. all.Where(span => !span.Tags.ContainsKey("job") && ids.Contains(span.ParentId))];
    }

    private static string Show(OtlpReceiver receiver, string id) =>
        string.Join('\n', Of(receiver, id).Select(span => $"{span.Process} {span.Name} {span.SpanId} < {span.ParentId}"));
}
