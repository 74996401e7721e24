using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Every endpoint's good answer, over real HTTP.</summary>
[Collection("gateway")]
public sealed class EndpointTests(GatewayCluster gateway)
{
    private static readonly HttpMethod Get = HttpMethod.Get;
    private static readonly HttpMethod Post = HttpMethod.Post;

    [Fact]
    public async Task Submit_Job_AcceptedWithItsAddress()
    {
        using var response = await gateway.Http.PostAsJsonAsync("jobs/submit", Sums());
        var status = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/api/processing/jobs/{Id(status)}/status", response.Headers.Location!.ToString());
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains(status.GetProperty("status").GetString(), (string[])["QUEUED", "PLANNING", "RUNNING"]);
        Assert.False(string.IsNullOrEmpty(status.GetProperty("reason").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Submit_ValidateOnly_ThePlanAndNoJob()
    {
        var before = await CountAsync();

        var (status, plan) = await gateway.SendAsync(Post, "jobs/submit?validateOnly=true", Sums());

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(plan.GetProperty("stages").GetArrayLength() >= 1, plan.ToString());
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task Status_KnownTag_NotModified()
    {
        var id = await gateway.SucceededAsync(Sums());
        using var first = await gateway.Http.GetAsync($"jobs/{id}/status");

        var (same, _) = await gateway.SendAsync(
            Get, $"jobs/{id}/status", null, ("If-None-Match", first.Headers.ETag!.ToString()));
        var (other, _) = await gateway.SendAsync(Get, $"jobs/{id}/status", null, ("If-None-Match", "\"0\""));

        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.OK), (same, other));
    }

    [Fact]
    public async Task Status_PreferWait_AnswersWithEachChangeUntilTheEnd()
    {
        var status = await gateway.Cluster.SubmitAsync(Sums());
        var (id, tag) = (Id(status), $"\"{status.GetProperty("revision").GetInt64()}\"");
        var deadline = DateTimeOffset.UtcNow.AddSeconds(60);
        var polls = 0;
        while (status.GetProperty("status").GetString() != "SUCCEEDED")
        {
            Assert.True(DateTimeOffset.UtcNow < deadline, status.ToString());
            var (code, next) = await gateway.SendAsync(
                Get, $"jobs/{id}/status", null, ("If-None-Match", tag), ("Prefer", "wait=20"));
            polls++;
            if (code == HttpStatusCode.OK)
            {
                (status, tag) = (next, $"\"{next.GetProperty("revision").GetInt64()}\"");
            }
        }

        Assert.InRange(polls, 1, 20);
    }

    [Fact]
    public async Task Events_FromTheBeginningAndFromALaterId_EveryPhaseOnce()
    {
        var id = Id(await gateway.Cluster.SubmitAsync(Sums()));

        var all = await EventsAsync(id, lastEventId: null);
        var phases = all.Where(e => e.Name == "phase").ToList();
        var rest = await EventsAsync(id, phases[0].Id);
        var after = await EventsAsync(id, all[^1].Id);

        var words = phases.Select(e => e.Data.GetProperty("status").GetString()).ToList();
        Assert.Equal(("QUEUED", "SUCCEEDED"), (words[0], words[^1]));
        Assert.Equal(words.Skip(1), rest.Where(e => e.Name == "phase").Select(e => e.Data.GetProperty("status").GetString()));
        Assert.Equal("SUCCEEDED", all[^1].Data.GetProperty("status").GetString());
        Assert.Empty(after);
    }

    [Fact]
    public async Task List_PagesAndFilters_EachJobOnceNewestFirst()
    {
        var mark = Guid.NewGuid().ToString("N");
        var ids = new List<string>();
        for (var n = 0; n < 5; n++)
        {
            ids.Add(await gateway.SucceededAsync(Sums(new { mark })));
        }

        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await gateway.Http.GetFromJsonAsync<JsonElement>(
                $"jobs/list?pageSize=2&label.mark={mark}&status=SUCCEEDED&operation=aggregate{token}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(Id));
            token = page.GetProperty("nextPageToken").GetString() is { } next ? $"&pageToken={next}" : null;
        }
        while (token is not null);
        var none = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/list?label.mark={mark}&status=FAILED");

        Assert.Equal(Enumerable.Reverse(ids), seen);
        Assert.Equal(0, none.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task GetResult_PivotAsAList_HasItsKeysAsATable()
    {
        gateway.Write("long.csv", "x,k,v\n1,b,1\n1,a,2\n2,b,3\n");
        var id = await gateway.SucceededAsync(new
        {
            operation = "pivot", source = new { path = "long.csv" },
            parameters = new { index = new[] { "x" }, key = "k", value = "v", @as = "LIST" },
        });

        var rows = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result");
        var keys = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result?table=keys");
        var (status, none) = await gateway.SendAsync(HttpMethod.Get, $"jobs/{id}/result?table=values");

        Assert.Equal("[[1,[2,1]],[2,[null,3]]]", rows.GetProperty("rows").ToString());
        Assert.Equal("[[1,\"a\"],[2,\"b\"]]", keys.GetProperty("rows").ToString());
        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (status, none.GetProperty("code").GetString()));
        Assert.Contains("keys", none.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_InEachForm_TheSameRows()
    {
        var id = await gateway.SucceededAsync(Sums());

        var json = await gateway.Cluster.ResultAsync(id);
        var page = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result?offset=2&limit=3");
        var csv = await ReadAsync($"jobs/{id}/result", "text/csv");
        var parquet = await ReadAsync($"jobs/{id}/result", "application/vnd.apache.parquet");

        Assert.Equal(10, json.GetProperty("totalRows").GetInt64());
        Assert.Equal(
            ["gene", "total"],
            json.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()));
        Assert.Equal(["g2", "g3", "g4"], page.GetProperty("rows").EnumerateArray().Select(row => row[0].GetString()));
        Assert.Equal("g0,49500", System.Text.Encoding.UTF8.GetString(csv).Split('\n')[1].TrimEnd('\r'));
        Assert.Equal("PAR1", System.Text.Encoding.ASCII.GetString(parquet[..4]));
    }

    [Fact]
    public async Task Partitions_Paged_EachOnceWithItsAttempts()
    {
        var id = await gateway.SucceededAsync(
            new
            {
                operation = "filter", source = new { path = "genes.csv" }, parameters = new { where = "n > 5" },
                partitioning = new { targetBytes = 2048 },
            });

        var all = (await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500"))
            .GetProperty("items").EnumerateArray().Select(Place).ToList();
        var paged = new List<(int, int)>();
        string? token = null;
        do
        {
            var page = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=2{token}");
            paged.AddRange(page.GetProperty("items").EnumerateArray().Select(Place));
            token = page.GetProperty("nextPageToken").GetString() is { } next ? $"&pageToken={next}" : null;
        }
        while (token is not null);

        Assert.True(all.Count >= 3);
        Assert.Equal(all, paged);
    }

    [Theory]
    [InlineData("plan", "stages")]
    [InlineData("logs", "items")]
    [InlineData("callbacks", "items")]
    [InlineData("quarantine", "rows")]
    public async Task Details_OfASucceededJob_AreServed(string path, string field)
    {
        var id = await gateway.SucceededAsync(Sums());

        var (status, body) = await gateway.SendAsync(Get, $"jobs/{id}/{path}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.TryGetProperty(field, out _), body.ToString());
    }

    [Fact]
    public async Task Delete_EndedJob_IsGoneWithItsResult()
    {
        var id = await gateway.SucceededAsync(Sums());

        var (deleted, _) = await gateway.SendAsync(HttpMethod.Delete, $"jobs/{id}");
        var (status, problem) = await gateway.SendAsync(Get, $"jobs/{id}/status");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound, "job-not-found"), (deleted, status, Code(problem)));
    }

    // What a job has published is its user's, and is a source by the name of its folder: what no manifest names there is none of
    // it.
    [Fact]
    public async Task Delete_JobWithAnOutput_LeavesItsFilesToWhoeverReadsTheFolder()
    {
        var id = await gateway.SucceededAsync(
            new { operation = "convert", source = new { path = "genes.csv" }, output = new { path = "kept", format = "CSV" } });
        var folder = Path.Combine(gateway.Cluster.Folder, "kept");
        var part = Assert.Single(Directory.GetFiles(folder, "part-*"));

        var (deleted, _) = await gateway.SendAsync(HttpMethod.Delete, $"jobs/{id}");
        File.Copy(part, part.Replace("-1-000", "-2-000", StringComparison.Ordinal));
        var original = await gateway.SucceededAsync(new { operation = "convert", source = new { path = "genes.csv" } });
        var copy = await gateway.SucceededAsync(new { operation = "convert", source = new { path = "kept" } });

        Assert.Equal(HttpStatusCode.NoContent, deleted);
        Assert.True(File.Exists(part));
        Assert.Equal(await RowsOf(original), await RowsOf(copy));
    }

    private async Task<long> RowsOf(string id) =>
        (await gateway.SendAsync(Get, $"jobs/{id}/status")).Body.GetProperty("result").GetProperty("rows").GetInt64();

    [Fact]
    public async Task Retry_CancelledJob_RunsToItsEnd()
    {
        var id = Id(await gateway.Cluster.SubmitAsync(Sums()));
        var (cancelled, _) = await gateway.SendAsync(Post, $"jobs/{id}/cancel");
        var end = await gateway.Cluster.WaitForEndAsync(id);
        if (end.GetProperty("status").GetString() == "SUCCEEDED")
        {
            return; // It was faster than the cancel, which then was refused.
        }

        var (again, _) = await gateway.SendAsync(Post, $"jobs/{id}/cancel");
        var (retried, _) = await gateway.SendAsync(Post, $"jobs/{id}/retry");
        var last = await gateway.Cluster.WaitForEndAsync(id);

        Assert.Contains(cancelled, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Accepted]);
        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Accepted, "SUCCEEDED"), (again, retried, last.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("cluster/status", "workers")]
    [InlineData("queue/status", "priorities")]
    [InlineData("health", "storage")]
    [InlineData("keys", "items")]
    [InlineData("audit", "items")]
    [InlineData("audit/verify", "intact")]
    public async Task Cluster_Documents_AreServed(string path, string field)
    {
        var (status, body) = await gateway.SendAsync(Get, path);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.TryGetProperty(field, out _), body.ToString());
    }

    [Fact]
    public async Task Partition_Dataset_SchemaAndCuts()
    {
        var (status, body) = await gateway.SendAsync(
            Post, "data/partition", new { source = new { path = "genes.csv" }, partitioning = new { targetBytes = 2048 } });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("CSV", body.GetProperty("format").GetString());
        Assert.True(body.GetProperty("partitions").GetArrayLength() >= 3, body.ToString());
    }

    private static (int, int) Place(JsonElement item)
    {
        Assert.Equal("COMMITTED", item.GetProperty("attempts")[0].GetProperty("state").GetString());
        return (item.GetProperty("stage").GetInt32(), item.GetProperty("partition").GetInt32());
    }

    private async Task<int> CountAsync() =>
        (await gateway.Http.GetFromJsonAsync<JsonElement>("jobs/list?pageSize=500")).GetProperty("items").GetArrayLength();

    private async Task<byte[]> ReadAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(Get, path);
        request.Headers.Accept.ParseAdd(accept);
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(accept, response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private async Task<List<(string? Id, string Name, JsonElement Data)>> EventsAsync(string id, string? lastEventId)
    {
        using var request = new HttpRequestMessage(Get, $"jobs/{id}/events");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var response = await gateway.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return
        [
            .. text.Split("\n\n")
                .Select(block => block.Split('\n').Where(line => line.Contains(": ", StringComparison.Ordinal) && line[0] != ':')
                .ToDictionary(line => line[..line.IndexOf(':')], line => line[(line.IndexOf(':') + 2)..]))
                .Where(fields => fields.ContainsKey("data"))
                .Select(fields =>
                    (fields.GetValueOrDefault("id"), fields["event"], JsonDocument.Parse(fields["data"]).RootElement)),
        ];
    }
}
