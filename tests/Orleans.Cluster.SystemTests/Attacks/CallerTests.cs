using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>What one caller sends, while another's job runs.</summary>
[Collection("attacked")]
public sealed class CallerTests(AttackedCluster attacked)
{
    private static readonly string[] Bombs =
    [
        "SELECT from_json('{}', repeat('{\"a\":', 200000) || '1' || repeat('}', 200000))",
        "SELECT len(range(1000000000))",
        "SELECT len(list_transform(range(length(repeat('a', 999999))), x -> repeat('abcdefghij', 100)))",
        "SELECT regexp_matches(repeat('a', 100000), '(a*)*b')",
        "SELECT 1 WHERE " + string.Join(" OR ", Enumerable.Range(0, 20_000).Select(n => $"gene = 'g{n}'")),
        "SELECT " + new string('(', 3000) + "1" + new string(')', 3000),
    ];

    private const int ManyJobs = 60;

    // More of them at once than there are planning processes: hers has a turn all the same, and each of Eve's has an answer.
    [Fact]
    public async Task Submit_BombsOfOneCaller_LeaveTheOthersTheirTurn()
    {
        var bombs = Bombs.SelectMany(query => Enumerable.Repeat(query, 3)).Select(query => AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit?validateOnly=true",
            new { operation = "sql", source = new { path = "data/genes.csv" }, parameters = new { query } })).ToList();

        await attacked.AnnsJobEndsRight();

        var answers = await Task.WhenAll(bombs);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, $"{answer}"));
        var health = await attacked.Cluster.Http.GetAsync("health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    // First come, first served would let Ann's job wait for all of Eve's.
    [Fact]
    public async Task Submit_ManyJobsOfOneCaller_LeaveTheOthersTheirTurn()
    {
        var eves = new List<string>();
        for (var n = 0; n < ManyJobs; n++)
        {
            eves.Add(await AttackedCluster.SubmitAsync(attacked.Eve, AttackedCluster.Sums("data/genes.csv")));
        }

        var ann = await AttackedCluster.SubmitAsync(attacked.Ann, AttackedCluster.Sums("data/genes.csv"));

        var hers = (await attacked.Cluster.WaitForEndAsync(ann)).GetProperty("finishedAt").GetDateTimeOffset();
        var later = 0;
        foreach (var id in eves)
        {
            later += (await attacked.Cluster.WaitForEndAsync(id)).GetProperty("finishedAt").GetDateTimeOffset() > hers ? 1 : 0;
        }

        Assert.True(later >= ManyJobs / 4, $"{later} of {ManyJobs} jobs of Eve's ended after Ann's only one.");
    }

    [Theory]
    [InlineData("admin.key")]
    [InlineData("state/silo.pem")]
    [InlineData("state/cluster.db")]
    [InlineData("state/**")]
    [InlineData("data/link.csv")]
    [InlineData("data/up/admin.key")]
    [InlineData(".hidden/a.csv")]
    [InlineData("appsettings.json")]
    public async Task Source_WhatIsTheClustersOwn_IsRefusedInEachWay(string path)
    {
        Directory.CreateDirectory(attacked.At(".hidden"));
        await File.WriteAllTextAsync(attacked.At(".hidden/a.csv"), "a\n1\n");
        await File.WriteAllTextAsync(attacked.At("appsettings.json"), "{}");
        Link(attacked.At("data/link.csv"), attacked.At("state/cluster.db"));
        Link(attacked.At("data/up"), attacked.Cluster.Folder);

        var submit = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit", new { operation = "distinct", source = new { path, format = "CSV" } });
        var partition = await AttackedCluster.PostAsync(
            attacked.Eve, "data/partition", new { source = new { path, format = "CSV" } });
        var sql = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit?validateOnly=true",
            new { operation = "sql", sources = new { x = new { path } }, parameters = new { query = "SELECT * FROM x" } });

        Assert.All([submit, partition, sql],
            answer => Assert.Contains(answer, new (int, string?)[] { (422, "path-not-allowed"), (422, "dataset-not-found") }));
    }

    [Theory]
    [InlineData("state/out")]
    [InlineData("state/sample/out")]
    [InlineData(".hidden-out")]
    [InlineData("data/up/state/out")]
    public async Task Output_WhereTheClustersOwnIs_IsRefused(string path)
    {
        Link(attacked.At("data/up"), attacked.Cluster.Folder);

        var answer = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit",
            new { operation = "convert", source = new { path = "data/genes.csv" }, output = new { path, format = "CSV" } });

        Assert.Equal((422, "path-not-allowed"), answer);
        Assert.False(Directory.Exists(attacked.At(path)));
    }

    [Fact]
    public async Task Overwrite_OfAnotherCallersOutput_IsRefusedAndTheOutputStays()
    {
        var output = new { path = "data/of-ann", format = "CSV", mode = "OVERWRITE" };
        var id = await AttackedCluster.SubmitAsync(
            attacked.Ann, new { operation = "convert", source = new { path = "data/genes.csv" }, output });
        await attacked.Cluster.WaitForEndAsync(id);
        var before = Directory.GetFiles(attacked.At("data/of-ann")).Order().ToList();

        var answer = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit", new { operation = "convert", source = new { path = "data/genes.csv" }, output });
        var again = await AttackedCluster.SubmitAsync(
            attacked.Ann, new { operation = "convert", source = new { path = "data/genes.csv" }, output });
        var end = await attacked.Cluster.WaitForEndAsync(again);

        Assert.Equal((409, "output-exists"), answer);
        Assert.True(before.Count > 1, string.Join(", ", before));
        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
    }

    [Fact]
    public async Task JobsOfOthers_AreNowhereToBeSeen()
    {
        var id = await AttackedCluster.SubmitAsync(attacked.Ann, AttackedCluster.Sums("data/genes.csv"));
        await attacked.Cluster.WaitForEndAsync(id);

        var depends = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit",
            new { operation = "distinct", source = new { path = "data/genes.csv" }, dependsOn = new[] { id } });
        var reads = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit", new { operation = "distinct", source = new { job = id } });
        string[] pages = ["resources", "resources/recommendations", "queue/status", "jobs/list", "timeline", "cluster/status"];
        var seen = await Task.WhenAll(pages.Select(page => attacked.Eve.GetStringAsync(page)));

        Assert.Equal(((404, "job-not-found"), (404, "job-not-found")), (depends, reads));
        Assert.All(seen, page => Assert.DoesNotContain(id, page, StringComparison.Ordinal));
        Assert.Contains(id, await attacked.Ann.GetStringAsync("resources"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Priority_CriticalOfASubmitter_IsForbidden()
    {
        var answer = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit",
            new { operation = "distinct", priority = "CRITICAL", source = new { path = "data/genes.csv" } });

        Assert.Equal((403, "forbidden"), answer);
    }

    // A caller that may change nothing asks for changes as fast as it can.
    [Fact]
    public async Task Audit_ManyRefusedRequests_DoNotFillIt()
    {
        var path = $"cluster/workers/{new string('x', 4000)}%1B%5B2J/drain";
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 40)
                .Select(async _ => (await attacked.Viewer.PostAsync(path, null)).Dispose()));
        }

        var items = (await attacked.Cluster.Http.GetFromJsonAsync<JsonElement>("audit?pageSize=500"))
            .GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("actor").GetString() == "key:viewer").ToList();

        Assert.InRange(items.Count, 1, 100);
        Assert.All(items, item => Assert.True(item.GetProperty("target").GetString()!.Length < 300));
        Assert.All(items, item => Assert.DoesNotContain(item.GetProperty("target").GetString()!, char.IsControl));
    }

    [Fact]
    public async Task Events_KeyIsRevoked_End()
    {
        using var made = await attacked.Cluster.Http.PostAsJsonAsync("keys", new { name = "gone", role = "SUBMITTER" });
        var secret = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
        using var client = new HttpClient { BaseAddress = attacked.Cluster.Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        var first = await AttackedCluster.SubmitAsync(
            client, new { operation = "distinct", source = new { path = "data/genes.csv" } });
        await attacked.Cluster.WaitForEndAsync(first);
        using var stop = await attacked.Cluster.Http.PostAsJsonAsync("cluster/stop", new { mode = "NOW" });
        try
        {
            var id = await AttackedCluster.SubmitAsync(client, AttackedCluster.Sums("data/genes.csv"));
            await using var events = await client.GetStreamAsync($"jobs/{id}/events");

            using var revoked = await attacked.Cluster.Http.DeleteAsync($"keys/{secret[..11]}");

            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await events.CopyToAsync(Stream.Null, patience.Token);
        }
        finally
        {
            using var start = await attacked.Cluster.Http.PostAsJsonAsync("cluster/start", new { workers = 1 });
        }
    }

    // Whoever comes and goes must not fill the log with faults of the gateway.
    [Fact]
    public async Task Events_ClientsLeave_AreNoFaultsOfTheGateway()
    {
        for (var n = 0; n < 20; n++)
        {
            await using var events = await attacked.Eve.GetStreamAsync("events");
            Assert.True(await events.ReadAsync(new byte[1]) > 0);
        }

        await attacked.AnnsJobEndsRight();

        Assert.DoesNotContain("unhandled exception", attacked.Cluster.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data/[z-a].csv", "dataset-not-readable")]
    [InlineData("data/**/**/**/**/**/**/**/**/*x*y*z*.csv", "dataset-not-found")]
    public async Task Source_HostilePattern_IsRefused(string path, string code) => Assert.Equal(
        (422, code), await AttackedCluster.PostAsync(attacked.Eve, "data/partition", new { source = new { path } }));

    [Fact]
    public async Task Columns_NameWithNul_IsRefusedAndNoFault()
    {
        var answer = await AttackedCluster.PostAsync(
            attacked.Eve, "jobs/submit",
            new
            {
                operation = "aggregate", source = new { path = "data/genes.csv" },
                parameters = new { groupBy = new[] { "ge\0ne" } },
            });
        var declared = await AttackedCluster.PostAsync(
            attacked.Eve, "data/partition",
            new { source = new { path = "data/genes.csv", options = new { columns = new Dictionary<string, string> { ["a\0b"] =
                "VARCHAR", ["n"] = "BIGINT" } } } });

        Assert.All([answer, declared], refused => Assert.InRange(refused.Status, 400, 422));
    }

    // Each of the names had a sentence of its own once, with all columns of the table.
    [Fact]
    public async Task Columns_FiftyThousandWrongNames_HaveASmallAnswer()
    {
        using var response = await attacked.Eve.PostAsJsonAsync("jobs/submit", new
        {
            operation = "distinct", source = new { path = "data/genes.csv" },
            parameters = new { columns = Enumerable.Range(0, 50_000).Select(n => $"c{n}") },
        });

        var answer = await response.Content.ReadAsByteArrayAsync();
        var errors = JsonDocument.Parse(answer).RootElement.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.InRange(answer.Length, 1, 200_000);
        Assert.Equal(100, errors.Count);
        Assert.Equal("49901 more faults are not listed.", errors[^1].GetProperty("detail").GetString());
    }

    private static void Link(string path, string target)
    {
        if (!Path.Exists(path))
        {
            File.CreateSymbolicLink(path, target);
        }
    }
}
