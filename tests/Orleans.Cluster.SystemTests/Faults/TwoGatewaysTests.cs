using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Two gateways of one cluster: whichever is asked, there is one job for a key, and one story of it, whoever is killed.
/// </summary>
[Collection("kills")]
[Trait("Category", "Long")]
public sealed class TwoGatewaysTests : IClassFixture<TwoGatewayCluster>
{
    private const int Keys = 500;
    private const int InFlight = 32;
    private const int Followers = 50;
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly TwoGatewayCluster cluster;

    public TwoGatewaysTests(TwoGatewayCluster cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact]
    public async Task Submit_EachKeyToBothGatewaysAtOnce_IsOneJobThatEitherAnswersFor()
    {
        using var second = await cluster.StartBothAsync();
        File.WriteAllText(Path.Combine(cluster.Folder, "few.csv"), "k,v\na,1\nb,2\n");
        var body = new { operation = "convert", source = new { path = "few.csv" } };

        HttpClient[] gateways = [cluster.Http, second];
        var submits = new ConcurrentQueue<(int Key, string Id)>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = InFlight },
            async (key, _) => await Task.WhenAll(gateways.Select(
                async http => submits.Enqueue((key, await SubmitAsync(http, $"both-{key}", body))))));
        var ids = submits.GroupBy(submit => submit.Key, submit => submit.Id)
            .Select(group => Assert.Single(group.Distinct())).ToList();

        Assert.Equal((2 * Keys, Keys), (submits.Count, ids.Distinct().Count()));
        foreach (var id in ids)
        {
            var end = await cluster.WaitForEndAsync(id);
            Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
            Assert.Equal(
                await cluster.Http.GetStringAsync($"jobs/{id}/result"), await second.GetStringAsync($"jobs/{id}/result"));
        }
    }

    [Fact]
    public async Task Session_OpenedAtOneGateway_IsKnownToTheOther()
    {
        using var second = await cluster.StartBothAsync();
        using var opened = await cluster.Http.PostAsync("session", null);
        var cookie = Assert.Single(opened.Headers.GetValues("Set-Cookie")).Split(';')[0];
        using var browser = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = second.BaseAddress };
        browser.DefaultRequestHeaders.Add("Cookie", cookie);

        using var stranger = await browser.GetAsync("jobs/list");
        browser.DefaultRequestHeaders.Remove("Cookie");
        using var nobody = await browser.GetAsync("jobs/list");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (stranger.StatusCode, nobody.StatusCode));
    }

    // Nothing happens to the job before the gateway is killed, since no worker runs: what it goes through afterwards, half of the
    // followers see as it happens, and the others are told of when it is over.
    [Fact]
    public async Task Follow_GatewayKilled_GoesOnAtTheOtherAndMissesNoEvent()
    {
        using var second = await cluster.StartBothAsync();
        var job = new FaultJob(cluster);
        await cluster.KillWorkersAsync();
        var id = await job.SubmitAsync(outputPath: null);
        var followers = Enumerable.Range(0, Followers).Select(_ => new Follower(id)).ToList();
        var cut = followers.ConvertAll(follower => follower.FollowAsync(cluster.Http));
        await EmbeddedCluster.Until(
            () => Task.FromResult(followers.TrueForAll(follower => follower.Phases.Contains("QUEUED"))), TimeSpan.FromSeconds(60),
            () => string.Join("; ", followers.Select(follower => string.Join(", ", follower.Phases))));

        await cluster.KillAsync();
        await Task.WhenAll(cut);
        Assert.DoesNotContain(followers, follower => follower.HasEnded);
        var early = followers.Take(Followers / 2).Select(follower => follower.FollowAsync(second)).ToList();
        cluster.StartWorkers();
        await Task.WhenAll(early);
        await Task.WhenAll(followers.Skip(Followers / 2).Select(follower => follower.FollowAsync(second)));

        var all = new Follower(id);
        await all.FollowAsync(second);
        Assert.Equal("SUCCEEDED", all.Phases[^1]);
        Assert.All(followers, follower => Assert.Equal(all.Revisions, follower.Revisions));
        Assert.All(followers, follower => Assert.Equal(all.LastStatus, follower.LastStatus));
    }

    // The first event is under way at the only gateway there is when that is killed: nobody can know whether it arrived.
    [Fact]
    public async Task Callbacks_SenderKilledWhileItSends_AreSentByTheOtherInOrderWithTheSameIds()
    {
        using (await cluster.StartBothAsync())
        {
            await cluster.KillSecondAsync();
        }

        var job = new FaultJob(cluster);
        await using var receiver = new CallbackReceiver(refusals: 0) { Held = 1 };
        receiver.Start();
        var id = await job.SubmitAsync(outputPath: null, new { url = receiver.Address, secret = Secret });
        await EmbeddedCluster.Until(
            () => Task.FromResult(!receiver.Received.IsEmpty), TimeSpan.FromSeconds(60),
            () => $"nothing was sent: {cluster.Log}");

        using var second = await cluster.StartBothAsync();
        await cluster.KillAsync();
        await EmbeddedCluster.Until(
            () => Task.FromResult(receiver.Accepted.Any(message => message.Type == "job.succeeded")), TimeSpan.FromMinutes(3),
            () => $"{string.Join(", ", receiver.Received.Select(message => $"{message.Id} {message.Type}"))}\n{cluster.Log}");

        var history = new Follower(id);
        await history.FollowAsync(second);
        var (received, accepted) = (receiver.Received.ToList(), receiver.Accepted.ToList());
        Assert.Equal(history.Revisions, accepted.Select(message => message.Revision));
        Assert.Equal((received[0].Id, received[0].Body), (received[1].Id, received[1].Body));
        Assert.Equal(accepted.Count, accepted.Select(message => message.Id).Distinct().Count());
        Assert.Equal(accepted.Count + 1, received.Count);
        Assert.All(received, message => Assert.Equal(message.Sign(Secret), message.Signature));
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

    /// <summary>
    /// Reads the events of a job as an EventSource does: after a break it goes on behind the last event that it has whole.
    /// </summary>
    private sealed class Follower(string job)
    {
        private readonly ConcurrentQueue<(string Phase, long Revision)> seen = new();
        private string? last;

        public IReadOnlyList<string> Phases => [.. seen.Select(change => change.Phase)];

        public IReadOnlyList<long> Revisions => [.. seen.Select(change => change.Revision)];

        public bool HasEnded => Phases.Any(phase => phase is "SUCCEEDED" or "FAILED" or "CANCELLED");

        public string LastStatus { get; private set; } = "";

        /// <summary>Until the job has ended or the gateway is gone.</summary>
        public async Task FollowAsync(HttpClient http)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{job}/events");
            if (last is not null)
            {
                request.Headers.Add("Last-Event-ID", last);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True(response.IsSuccessStatusCode, $"{response}");
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            var fields = new Dictionary<string, string>();
            try
            {
                while (await reader.ReadLineAsync() is { } line)
                {
                    if (line.Length == 0)
                    {
                        Take(fields);
                        fields.Clear();
                    }
                    else if (line.Split(": ", 2) is [{ Length: > 0 } name, var value])
                    {
                        fields[name] = value;
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The gateway is gone, and what had not come whole with it.
            }
        }

        private void Take(Dictionary<string, string> fields)
        {
            last = fields.GetValueOrDefault("id", last!);
            var data = fields.TryGetValue("data", out var text) ? JsonDocument.Parse(text).RootElement : default;
            switch (fields.GetValueOrDefault("event"))
            {
                case "phase":
                    seen.Enqueue((data.GetProperty("status").GetString()!, data.GetProperty("revision").GetInt64()));
                    break;
                case "status":
                    LastStatus = $"{data.GetProperty("status")} {data.GetProperty("revision")}";
                    break;
            }
        }
    }
}
