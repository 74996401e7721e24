using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>Two gateways of one cluster: whichever is asked, there is one job for a key, and one story of it.</summary>
[Collection("kills")]
public sealed class TwoGatewaysTests : IClassFixture<HandRunCluster>
{
    private const int Keys = 20;

    private readonly HandRunCluster cluster;

    public TwoGatewaysTests(HandRunCluster cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Submit_EachKeyToBothGateways_IsOneJobThatEitherAnswersFor()
    {
        var job = new FaultJob(cluster);
        using var second = new HttpClient { BaseAddress = await cluster.StartSecondGatewayAsync(), Timeout = TimeSpan.FromSeconds(60) };
        var body = new { operation = "aggregate", source = new { path = FaultJob.Table } };

        var submits = Enumerable.Range(0, Keys).SelectMany(key => new[] { cluster.Http, second }.Select(async http => (key, Id: await SubmitAsync(http, $"k{key}", body))));
        var ids = (await Task.WhenAll(submits)).GroupBy(submit => submit.key, submit => submit.Id).Select(group => Assert.Single(group.Distinct())).ToList();

        Assert.Equal(Keys, ids.Distinct().Count());
        foreach (var id in ids)
        {
            await cluster.WaitForEndAsync(id);
            Assert.Equal(await cluster.Http.GetStringAsync($"jobs/{id}/result"), await second.GetStringAsync($"jobs/{id}/result"));
        }

        // Followed at the first until it has something to tell; what comes after that, the other one tells when the first is killed.
        var followed = await job.SubmitAsync(outputPath: null);
        var seen = await FirstEventAsync(cluster.Http, followed);
        await cluster.KillAsync();
        var rest = await EventIdsAsync(second, followed, seen);
        var all = await EventIdsAsync(second, followed, null);

        Assert.Equal(all[(all.IndexOf(seen) + 1)..], rest);
        Assert.Equal("SUCCEEDED", (await second.GetFromJsonAsync<JsonElement>($"jobs/{followed}/status")).GetProperty("status").GetString());
    }

    // A key that is in flight at the other gateway is asked for again, as a client does.
    private static async Task<string> SubmitAsync(HttpClient http, string key, object body)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "jobs/submit") { Content = JsonContent.Create(body) };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await http.SendAsync(request);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (response.StatusCode != HttpStatusCode.Conflict || attempt == 100)
            {
                Assert.True(response.IsSuccessStatusCode, answer.ToString());
                return answer.GetProperty("id").GetString()!;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private static async Task<string> FirstEventAsync(HttpClient http, string id)
    {
        await using var stream = await http.GetStreamAsync($"jobs/{id}/events");
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                return line[4..];
            }
        }

        throw new InvalidOperationException("The stream ended without an event.");
    }

    // The stream of a job ends with it.
    private static async Task<List<string>> EventIdsAsync(HttpClient http, string id, string? after)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/events");
        if (after is not null)
        {
            request.Headers.Add("Last-Event-ID", after);
        }

        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return [.. text.Split('\n').Where(line => line.StartsWith("id: ", StringComparison.Ordinal)).Select(line => line[4..])];
    }
}
