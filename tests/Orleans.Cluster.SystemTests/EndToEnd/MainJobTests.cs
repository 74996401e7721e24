using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.SystemTests.EndToEnd;

[CollectionDefinition("embedded")]
public sealed class EmbeddedCollection : ICollectionFixture<EmbeddedCluster>;

[CollectionDefinition("postgres")]
public sealed class PostgresCollection : ICollectionFixture<PostgresCluster>;

[Collection("embedded")]
public sealed class EmbeddedMainJobTests(EmbeddedCluster cluster) : MainJobTests<EmbeddedCluster>(cluster)
{
    private readonly EmbeddedCluster cluster = cluster;

    [Fact]
    public async Task KillWorker_InTheMiddle_CostsTimeOnly()
    {
        var expected = WriteTable(cluster, "kill.csv", rows: SlowRows);
        var id = Id(await cluster.SubmitAsync(SlowGroupBy("kill.csv")));
        await WaitUntilRunning(cluster, id);

        using (var victim = Process.GetProcessById(cluster.WorkerIds()[0]))
        {
            victim.Kill();
        }

        var end = await cluster.WaitForEndAsync(id);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        var rows = await cluster.ResultAsync(id);
        var sums = rows.GetProperty("rows")
            .EnumerateArray()
            .ToDictionary(row => row[0].GetString()!, row => long.Parse(row[1].ToString(), CultureInfo.InvariantCulture));
        Assert.Equal(expected, sums);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task KillGateway_InTheMiddle_TheJobGoesOnAfterTheNextStart()
    {
        await using var own = new EmbeddedCluster();
        await own.StartAsync();
        var expected = WriteTable(own, "crash.csv", rows: SlowRows);
        var id = Id(await own.SubmitAsync(SlowGroupBy("crash.csv")));
        await WaitUntilRunning(own, id);

        await own.KillAsync();
        await own.StartAsync();

        var end = await own.WaitForEndAsync(id);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        var rows = await own.ResultAsync(id);
        var sums = rows.GetProperty("rows")
            .EnumerateArray()
            .ToDictionary(row => row[0].GetString()!, row => long.Parse(row[1].ToString(), CultureInfo.InvariantCulture));
        Assert.Equal(expected, sums);
        Assert.All(await Attempts(own, id), partition => Assert.Equal(1, partition.Count(state => state == "COMMITTED")));
    }

    [Fact]
    public async Task Submit_OperationAlone_DescribesTheDefaultDataset()
    {
        var status = await Run(new { operation = "aggregate", priority = "HIGH" });

        Assert.Equal("SUCCEEDED", status.GetProperty("status").GetString());
        Assert.Equal(1, status.GetProperty("result").GetProperty("rows").GetInt64());
        Assert.Equal(1.0, status.GetProperty("progress").GetProperty("fraction").GetDouble());
    }
}

[Collection("postgres")]
public sealed class PostgresMainJobTests : MainJobTests<PostgresCluster>
{
    private const int ShortJobs = 20;

    // Nine are the job's: accepted, noted, opened, begun, running, committed, publishing, showing, ended. What silos write of
    // themselves comes with the time that a job takes, some a second.
    private const double MostTransactions = 20;

    private readonly PostgresCluster cluster;

    public PostgresMainJobTests(PostgresCluster cluster) : base(cluster)
    {
        PostgresFixture.SkipUnlessInstalled();
        this.cluster = cluster;
    }

    [Fact]
    public async Task Submit_ShortJobsOneAfterTheOther_TakeFewTransactions()
    {
        WriteTable(cluster, "short.csv", rows: 10);
        var job = new
        {
            operation = "aggregate", source = new { path = "short.csv" },
            parameters = new { groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count" } } },
        };
        await Run(job);

        var before = await cluster.TransactionsAsync();
        for (var number = 0; number < ShortJobs; number++)
        {
            Assert.Equal("SUCCEEDED", (await Run(job)).GetProperty("status").GetString());
        }

        var each = (await cluster.TransactionsAsync() - before) / (double)ShortJobs;
        Assert.InRange(each, 1, MostTransactions);
    }
}

/// <summary>What a user relies on first, on real processes and over REST.</summary>
public abstract class MainJobTests<TCluster>(TCluster cluster)
    where TCluster : EmbeddedCluster
{
    [Fact]
    public async Task Submit_GroupByOverManyPartitions_EqualsTheSumsByHandAndRepeats()
    {
        var expected = WriteTable("table.csv", rows: 200_000);
        var job = GroupBy("table.csv");

        var first = await Run(job);
        var second = await Run(job);

        var rows = await cluster.ResultAsync(Id(first));
        var sums = rows.GetProperty("rows")
            .EnumerateArray()
            .ToDictionary(row => row[0].GetString()!, row => long.Parse(row[1].ToString(), CultureInfo.InvariantCulture));
        Assert.Equal(expected, sums);
        Assert.Equal(Hashes(first), Hashes(second));
        Assert.True(first.GetProperty("progress").GetProperty("partitions").GetProperty("total").GetInt32() > 8);
    }

    [Fact]
    public async Task Cancel_RunningJob_EndsWithNothingRunning()
    {
        WriteTable("cancel.csv", rows: SlowRows);
        var id = Id(await cluster.SubmitAsync(SlowGroupBy("cancel.csv")));
        await WaitUntilRunning(cluster, id);

        using var answer = await cluster.Http.PostAsync($"jobs/{id}/cancel", null);
        var end = await cluster.WaitForEndAsync(id);

        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        Assert.Equal("CANCELLED", end.GetProperty("status").GetString());
        Assert.DoesNotContain("RUNNING", (await Attempts(cluster, id)).SelectMany(states => states));
    }

    [Fact]
    public async Task Submit_FaultsOfForm_AllAtOnce()
    {
        using var response = await cluster.Http.PostAsJsonAsync(
            "jobs/submit", new { operation = "agregate", prioritty = "HIGH", partitioning = new { targetBytes = -1 } });
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["/operation", "/partitioning/targetBytes", "/prioritty"], Pointers(problem));
    }

    [Fact]
    public async Task Submit_FaultsOfData_AreRefusedBeforeAnythingIsQueued()
    {
        WriteTable("fault.csv", rows: 10);
        var before = await JobCount();

        using var column = await cluster.Http.PostAsJsonAsync("jobs/submit", new
        {
            operation = "aggregate",
            source = new { path = "fault.csv" },
            parameters = new { groupBy = new[] { "gne" }, aggregates = new[] { new { function = "sum", column = "cuont" } } },
        });
        using var path = await cluster.Http.PostAsJsonAsync(
            "jobs/submit", new { operation = "convert", source = new { path = "../../etc/passwd" } });

        var faults = await column.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (column.StatusCode, path.StatusCode));
        Assert.Equal(["/parameters/aggregates/0/column", "/parameters/groupBy/0"], Pointers(faults));
        Assert.Equal("path-not-allowed", (await path.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        Assert.Equal(before, await JobCount());
    }

    [Fact]
    public async Task Submit_SameIdempotencyKey_IsOneJob()
    {
        WriteTable("same.csv", rows: 10);

        async Task<string> Send()
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Post, "jobs/submit") { Content = JsonContent.Create(GroupBy("same.csv")) };
            request.Headers.Add("Idempotency-Key", "one-and-the-same");
            using var response = await cluster.Http.SendAsync(request);
            return Id(await response.Content.ReadFromJsonAsync<JsonElement>());
        }

        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Send()));

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task Quarantine_BadRow_IsServedWithItsPlace()
    {
        File.WriteAllText(Path.Combine(cluster.Folder, "bad.csv"), "n,s\n1,a\nX,b\n3,c\n");

        var status = await Run(new
        {
            operation = "convert",
            onBadRow = "QUARANTINE",
            source = new { path = "bad.csv", options = new { columns = new { n = "BIGINT" } } },
        });

        Assert.Equal(
            ("SUCCEEDED", 1), (status.GetProperty("status").GetString(), status.GetProperty("quarantinedRows").GetInt64()));
        var rows = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{Id(status)}/quarantine");
        var row = Assert.Single(rows.GetProperty("rows").EnumerateArray());
        Assert.Equal((3, 8, "n", "X"), (row[1].GetInt64(), row[2].GetInt64(), row[3].GetString(), row[4].GetString()));
    }

    [Fact]
    public async Task Processes_SilosAndExecutors_AreApart()
    {
        Assert.Equal(2, cluster.WorkerIds().Count);

        // A worker is active before its first executor is up.
        await EmbeddedCluster.Until(
            () => Task.FromResult(cluster.ExecutorIds().Count >= 2), TimeSpan.FromSeconds(30),
            () => $"{cluster.ExecutorIds().Count} executors.");
    }

    protected async Task<JsonElement> Run(object job) => await cluster.WaitForEndAsync(Id(await cluster.SubmitAsync(job)));

    private static object GroupBy(string path) => new
    {
        operation = "aggregate",
        source = new { path },
        parameters = new
        {
            groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
        },
        partitioning = new { targetBytes = 200_000 },
    };

    // Long enough to be disturbed on any machine: some milliseconds of processor time for each row.
    protected const int SlowRows = 2000;

    protected static object SlowGroupBy(string path) => new
    {
        operation = "aggregate",
        source = new { path },
        parameters = new
        {
            where = "levenshtein(repeat('ab', 1000), repeat('ba', 1000 + count % 2)) >= 0",
            groupBy = new[] { "gene" },
            aggregates = new[] { new { function = "sum", column = "count", @as = "total" } },
        },
        partitioning = new { targetBytes = 1024 },
    };

    protected static Task<JsonElement> WaitUntilRunning(EmbeddedCluster cluster, string id) => cluster.WaitAsync(
        id,
        (phase, status) =>
        {
            Assert.False(phase is "SUCCEEDED" or "FAILED" or "CANCELLED", $"It ended before it was seen to run: {status}");
            return status.GetProperty("progress").GetProperty("partitions").GetProperty("running").GetInt32() > 0;
        });

    private Dictionary<string, long> WriteTable(string name, int rows) => WriteTable(cluster, name, rows);

    protected static Dictionary<string, long> WriteTable(EmbeddedCluster cluster, string name, int rows)
    {
        var sums = new Dictionary<string, long>();
        using var file = new StreamWriter(Path.Combine(cluster.Folder, name));
        file.WriteLine("gene,sample,count");
        for (var i = 0; i < rows; i++)
        {
            var (gene, count) = ($"G{i * 7919L % 97}", i * 31L % 1009);
            file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{gene},S{i % 13},{count}"));
            sums[gene] = sums.GetValueOrDefault(gene) + count;
        }

        return sums;
    }

    protected static async Task<List<List<string>>> Attempts(EmbeddedCluster cluster, string id)
    {
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions?pageSize=500");
        return [.. page.GetProperty("items").EnumerateArray().Select(partition =>
            partition.GetProperty("attempts")
            .EnumerateArray().Select(attempt => attempt.GetProperty("state").GetString()!).ToList())];
    }

    private async Task<int> JobCount() =>
        (await cluster.Http.GetFromJsonAsync<JsonElement>("jobs/list?pageSize=500")).GetProperty("items").GetArrayLength();

    protected static string Id(JsonElement status) => status.GetProperty("id").GetString()!;

    private static string[] Hashes(JsonElement status) =>
        [.. status.GetProperty("result")
            .GetProperty("files").EnumerateArray().Select(file => file.GetProperty("sha256").GetString()!)];

    private static string[] Pointers(JsonElement problem) =>
        [.. problem.GetProperty("errors")
            .EnumerateArray().Select(fault => fault.GetProperty("pointer").GetString()!).Order(StringComparer.Ordinal)];
}
