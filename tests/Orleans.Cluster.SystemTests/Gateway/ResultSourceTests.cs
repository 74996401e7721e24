using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Results part by part, as Arrow, and as sources of other jobs.</summary>
[Collection("gateway")]
public sealed class ResultSourceTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Parts_InOrder_AreTheResult()
    {
        var id = await gateway.SucceededAsync(Filtered(null));

        var parts = (await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/result/parts"))
            .GetProperty("parts").EnumerateArray().ToList();
        var first = await Read($"jobs/{id}/result/parts/0", "application/vnd.apache.parquet");
        var rows = new List<long?>();
        foreach (var part in parts)
        {
            rows.AddRange(await Numbers($"jobs/{id}/result/parts/{part.GetProperty("index").GetInt32()}"));
        }

        var missing = await gateway.Http.GetAsync($"jobs/{id}/result/parts/{parts.Count}");
        Assert.True(parts.Count > 1);
        Assert.Equal(parts[0].GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(first)));
        Assert.Equal(await Numbers($"jobs/{id}/result"), rows);
        Assert.Equal(rows[3..8], await Numbers($"jobs/{id}/result?offset=3&limit=5"));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("PARQUET")]
    [InlineData("CSV")]
    [InlineData("NDJSON")]
    public async Task JobSource_ResultOfAJobThatStillRuns_IsWaitedForAndRead(string? format)
    {
        var first = GatewayCluster.Id(await gateway.Cluster.SubmitAsync(Filtered(format)));

        var second = await gateway.SucceededAsync(new
        {
            operation = "sql", sources = new { r = new { job = first } },
            parameters = new { query = "SELECT gene, count(*) AS c, sum(n) AS s FROM r GROUP BY gene ORDER BY gene" },
        });

        var direct = await gateway.SucceededAsync(new
        {
            operation = "sql", source = new { path = "genes.csv" },
            parameters = new
            {
                query = "SELECT gene, count(*) AS c, sum(n) AS s FROM source WHERE n > 5 GROUP BY gene ORDER BY gene",
            },
        });
        Assert.Equal(
            (await gateway.Cluster.ResultAsync(direct)).GetProperty("rows").GetRawText(),
            (await gateway.Cluster.ResultAsync(second)).GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task JobSource_DeletedWhileItIsRead_IsReadToItsEnd()
    {
        var first = await gateway.SucceededAsync(Filtered(null));
        var second = GatewayCluster.Id(await gateway.Cluster.SubmitAsync(new
        {
            operation = "sql", sources = new { r = new { job = first } },
            parameters = new { query = "SELECT count(*) AS c, sum((r.n * i.range) % 7) AS s FROM r, range(200000) i" },
        }));

        await gateway.Cluster.WaitAsync(second, (phase, _) => phase is not "QUEUED" and not "PLANNING");

        var (deleted, _) = await gateway.SendAsync(HttpMethod.Delete, $"jobs/{first}");
        var running = await gateway.Cluster.TryStatusAsync(second);
        var (gone, _) = await gateway.SendAsync(HttpMethod.Get, $"jobs/{first}/status");
        var end = await gateway.Cluster.WaitForEndAsync(second);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (deleted, gone));
        Assert.NotEqual("SUCCEEDED", running?.GetProperty("status").GetString());
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        Assert.Equal(994 * 200_000L, (await gateway.Cluster.ResultAsync(second)).GetProperty("rows")[0][0].GetInt64());
    }

    [Fact]
    public async Task JobSource_WrongJobs_AreNamed()
    {
        var unknown = await gateway.Http.PostAsJsonAsync(
            "jobs/submit", new { operation = "convert", source = new { job = "01JD7Z4Q8M3K5T6V7W8X9Y0ABC" } });
        var both = await gateway.Http.PostAsJsonAsync(
            "jobs/submit",
            new { operation = "convert", source = new { job = "01JD7Z4Q8M3K5T6V7W8X9Y0ABC", path = "genes.csv" } });

        var refusal = await unknown.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("dependency-failed", refusal.GetProperty("code").GetString());
        Assert.Equal("/source/job", refusal.GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal(HttpStatusCode.BadRequest, both.StatusCode);
    }

    private static object Filtered(string? format) => new
    {
        operation = "filter", source = new { path = "genes.csv" }, parameters = new { where = "n > 5" },
        partitioning = new { targetBytes = 2048 },
        output = format is null ? null : new { path = $"sources/{Guid.NewGuid():N}", format, partitionBy = new[] { "gene" } },
    };

    private async Task<List<long?>> Numbers(string address)
    {
        using var reader = new ArrowStreamReader(new MemoryStream(await Read(address, "application/vnd.apache.arrow.stream")));
        var numbers = new List<long?>();
        while (await reader.ReadNextRecordBatchAsync() is { } batch)
        {
            numbers.AddRange((Int64Array)batch.Column("n"));
        }

        return numbers;
    }

    private async Task<byte[]> Read(string address, string form)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, address) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(form) } } };
        using var response = await gateway.Http.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
    }
}
