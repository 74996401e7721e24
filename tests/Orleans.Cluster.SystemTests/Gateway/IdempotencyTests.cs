using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

[Collection("gateway")]
public sealed class IdempotencyTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Submit_ThousandAtOnceWithOneKey_OneJob()
    {
        var mark = Guid.NewGuid().ToString("N");

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => SendAsync(mark)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        var list = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/list?label.mark={mark}");
        Assert.Equal(1, list.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Submit_GatewayKilledAfterTheCommit_TheRetryGetsTheSameJob()
    {
        await using var own = new GatewayCluster();
        await own.InitializeAsync();
        var mark = Guid.NewGuid().ToString("N");
        var (_, first) = await own.SendAsync(HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));

        await own.Cluster.KillAsync();
        await own.Cluster.StartAsync();
        var (status, second) = await own.SendAsync(HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));

        Assert.Equal((HttpStatusCode.Accepted, Id(first)), (status, Id(second)));
        Assert.Equal("SUCCEEDED", (await own.Cluster.WaitForEndAsync(Id(first))).GetProperty("status").GetString());
    }

    private async Task<(HttpStatusCode Status, string? Id)> SendAsync(string mark)
    {
        var (status, body) = await gateway.SendAsync(HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));
        return (status, status == HttpStatusCode.Accepted ? Id(body) : null);
    }
}
