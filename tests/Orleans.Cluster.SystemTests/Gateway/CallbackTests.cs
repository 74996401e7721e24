using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

[Collection("gateway")]
public sealed class CallbackTests(GatewayCluster gateway)
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task Receiver_DownForAWhile_GetsEveryEventInOrderSigned()
    {
        await using var receiver = new CallbackReceiver(refusals: 3);
        var id = Id(await gateway.Cluster.SubmitAsync(new
        {
            operation = "convert", source = new { path = "genes.csv" },
            callback = new { url = receiver.Address, secret = Secret },
        }));
        await gateway.Cluster.WaitForEndAsync(id);
        await EmbeddedCluster.Until(
            async () => (await ItemsAsync(id))[0].GetProperty("lastError").ValueKind == JsonValueKind.String,
            TimeSpan.FromSeconds(20), () => "nothing was sent to the receiver that is away");
        receiver.Start();

        await EmbeddedCluster.Until(
            () => Task.FromResult(receiver.Accepted.Any(message => message.Type == "job.succeeded")), TimeSpan.FromSeconds(60),
            () => string.Join(", ", receiver.Accepted.Select(message => message.Type)));
        var log = await DeliveredAsync(id);
        var history = receiver.Accepted.ToList();

        Assert.Equal("job.queued", history[0].Type);
        Assert.Equal(history.Count, history.Select(message => message.Id).Distinct().Count());
        Assert.Equal(history.Select(message => message.Revision).Order(), history.Select(message => message.Revision));
        Assert.All(history, message => Assert.Equal(message.Sign(Secret), message.Signature));
        Assert.Equal(history.Select(message => message.Id), log.Select(item => item.GetProperty("id").GetString()));
        // One at least met nobody, three were refused, one was taken.
        Assert.True(log[0].GetProperty("tries").GetInt32() > 4, $"{log[0]}");
    }

    [Fact]
    public async Task Submit_SecretThatCannotSign_IsRefused()
    {
        var (status, problem) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit",
            new { operation = "aggregate", callback = new { url = "https://example.org/", secret = "whsec_x" } });

        Assert.Equal(
            (HttpStatusCode.BadRequest, "/callback/secret"),
            (status, problem.GetProperty("errors")[0].GetProperty("pointer").GetString()));
    }

    private async Task<List<JsonElement>> DeliveredAsync(string id)
    {
        List<JsonElement> items = [];
        await EmbeddedCluster.Until(
            async () =>
            {
                items = await ItemsAsync(id);
                return items.All(item => item.GetProperty("state").GetString() == "DELIVERED");
            },
            TimeSpan.FromSeconds(20), () => string.Join('\n', items));
        return items;
    }

    private async Task<List<JsonElement>> ItemsAsync(string id) =>
        [.. (await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/callbacks")).GetProperty("items").EnumerateArray()];
}
