using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Sources in an object store: the same jobs over the same data, once as files and once as objects.</summary>
public sealed class S3SourceTests : IClassFixture<S3Cluster>
{
    private readonly S3Cluster cluster;

    public S3SourceTests(S3Cluster cluster)
    {
        Assert.SkipUnless(S3Server.IsExpected, "npm, which installs the S3 server of this test, is not on this machine.");
        this.cluster = cluster;
    }

    [Theory]
    [InlineData("csv", "*.csv")]
    [InlineData("gz", "*.csv.gz")]
    [InlineData("ndjson", "part-[0-9].ndjson")]
    [InlineData("parquet", "**/*.parquet")]
    public async Task Submit_SourceOnS3_GivesTheRowsOfTheSameFiles(string kind, string pattern)
    {
        await WriteAsync(kind);

        var (_, ofFiles) = await RunAsync($"{kind}/{pattern}");
        var (_, ofObjects) = await RunAsync($"s3://{S3Server.Bucket}/open/{kind}/{pattern}");

        Assert.Equal(ofFiles.GetProperty("rows").ToString(), ofObjects.GetProperty("rows").ToString());
        Assert.Equal(ofFiles.GetProperty("columns").ToString(), ofObjects.GetProperty("columns").ToString());
        Assert.NotEqual(0, ofFiles.GetProperty("totalRows").GetInt64());
    }

    [Fact]
    public async Task Submit_ConditionOverParquetOnS3_LeavesOutWhatItLeavesOutOfFiles()
    {
        await WriteAsync("parquet");

        var (overFiles, files) = await RunAsync("parquet/**/*.parquet", "n > 30000");
        var (overObjects, objects) = await RunAsync($"s3://{S3Server.Bucket}/open/parquet/**/*.parquet", "n > 30000");

        var (ofFiles, ofObjects) = (await PrunedAsync(overFiles), await PrunedAsync(overObjects));
        Assert.Equal(files.GetProperty("rows").ToString(), objects.GetProperty("rows").ToString());
        Assert.Equal(ofFiles.ToString(), ofObjects.ToString());
        Assert.InRange(ofObjects.GetProperty("rowGroups").GetInt32(), 1, ofObjects.GetProperty("ofRowGroups").GetInt32() - 1);
        Assert.InRange(ofObjects.GetProperty("files").GetInt32(), 1, ofObjects.GetProperty("ofFiles").GetInt32() - 1);
    }

    [Theory]
    [InlineData("s3://atlas/closed/secret.csv")]
    [InlineData("s3://atlas/open2/secret.csv")]
    [InlineData("s3://atlas/*/secret.csv")]
    [InlineData("s3://other/open/secret.csv")]
    [InlineData("s3://atlas/open/../closed/secret.csv")]
    public async Task Submit_ObjectOutsideTheRoots_IsRefused(string path)
    {
        using var response = await cluster.Http.PostAsJsonAsync("jobs/submit", Count(path));

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(
            ("path-not-allowed", HttpStatusCode.UnprocessableEntity),
            (problem.GetProperty("code").GetString(), response.StatusCode));
    }

    [Fact]
    public async Task Submit_ObjectThatIsNotThere_IsNotFound()
    {
        using var response = await cluster.Http.PostAsJsonAsync("jobs/submit", Count($"s3://{S3Server.Bucket}/open/none.csv"));

        Assert.Equal(
            "dataset-not-found", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Executors_WhileTheyReadObjects_HaveNoCredentials()
    {
        await WriteAsync("csv");
        var id = (await cluster.SubmitAsync(Count($"s3://{S3Server.Bucket}/open/csv/*.csv"))).GetProperty("id").GetString()!;
        await cluster.WaitForEndAsync(id);

        var executors = cluster.ExecutorIds();
        var plan = await cluster.Http.GetStringAsync($"jobs/{id}/plan");
        var status = await cluster.Http.GetStringAsync($"jobs/{id}");

        Assert.NotEmpty(executors);
        Assert.All(executors,
            executor => Assert.DoesNotContain("S3__", File.ReadAllText($"/proc/{executor}/environ"), StringComparison.Ordinal));
        Assert.All([plan, status, cluster.Log.ToString()],
            text => Assert.DoesNotContain("X-Amz-", text, StringComparison.OrdinalIgnoreCase));
        var logs = Directory.EnumerateFiles(cluster.StateFolder, "*.log", SearchOption.AllDirectories).Select(File.ReadAllText);
        Assert.All(logs, log => Assert.DoesNotContain("X-Amz-", log, StringComparison.OrdinalIgnoreCase));
    }

    private static object Count(string path) => new { operation = "aggregate", source = new { path } };

    private static object Sums(string path, string where) => new
    {
        operation = "aggregate",
        source = new { path },
        parameters = new
        {
            groupBy = new[] { "gene" },
            aggregates = new object[] { new { function = "sum", column = "n", @as = "total" },
                new { function = "count", @as = "rows" } },
            where,
            orderBy = new[] { new { column = "gene" } },
        },
        partitioning = new { targetBytes = 65536 },
    };

    private async Task<JsonElement> PrunedAsync(string id) =>
        (await cluster.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/plan"))
        .GetProperty("datasets").GetProperty("source").GetProperty("pruned");

    private async Task<(string Id, JsonElement Result)> RunAsync(string path, string where = "n > 10")
    {
        var end = await cluster.WaitForEndAsync((await cluster.SubmitAsync(Sums(path, where))).GetProperty("id").GetString()!);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        var id = end.GetProperty("id").GetString()!;
        return (id, await cluster.ResultAsync(id));
    }

    // Three files of each kind, of about 300 KB.
    private async Task WriteAsync(string kind)
    {
        // Once: names of published files differ from job to job, and objects of an earlier one would stay beside them.
        if (Directory.Exists(Path.Combine(cluster.Folder, kind)))
        {
            return;
        }

        Directory.CreateDirectory(Path.Combine(cluster.Folder, kind));
        if (kind == "parquet")
        {
            await WriteAsync("csv");
            var end = await cluster.WaitForEndAsync((await cluster.SubmitAsync(new
            {
                operation = "convert",
                source = new { path = "csv/*.csv" },
                output = new { path = "parquet/deep", format = "PARQUET", mode = "OVERWRITE" },
                partitioning = new { targetBytes = 100_000 },
            })).GetProperty("id").GetString()!);
            Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        }

        for (var part = 0; part < 3 && kind != "parquet"; part++)
        {
            var text = new StringBuilder(kind == "ndjson" ? "" : "gene,n\n");
            for (var row = 0; row < 20_000; row++)
            {
                text.Append(kind == "ndjson"
                    ? $"{{\"gene\":\"g{row % 97}\",\"n\":{row * (part + 1)}}}\n"
                    : $"\"g{row % 97}\",{row * (part + 1)}\n");
            }

            await using var stream = File.Create(
                Path.Combine(cluster.Folder, kind, $"part-{part}.{(kind == "gz" ? "csv.gz" : kind)}"));
            await using var target = kind == "gz" ? new GZipStream(stream, CompressionLevel.Fastest) : (Stream)stream;
            await target.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(cluster.Folder, kind), "part-*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(cluster.Folder, file);
            await cluster.PutAsync(name, $"open/{name}");
        }
    }
}
