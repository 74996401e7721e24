using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>
/// Sources, artifacts and outputs in an object store: the same jobs as over files end in the same rows and bytes.
/// </summary>
public sealed class S3StoreTests : IClassFixture<S3StoreClusters>
{
    private const string Bucket = S3Server.Bucket;

    private static readonly (string Operation, string Parameters)[] Operations =
    [
        ("aggregate", """{"groupBy":["k"],"aggregates":[{"function":"sum","column":"v","as":"s"},{"function":"median","column":"x","as":"m"},{"function":"count","as":"n"}]}"""),
        ("aggregate", "{}"),
        ("filter", """{"where":"v > 50 AND k <> 'k3'"}"""),
        ("select", """{"columns":["id",{"expression":"v * 2 + g","as":"y"}],"where":"x IS NOT NULL"}"""),
        ("convert", "{}"),
        ("distinct", """{"columns":["k","g"]}"""),
        ("sort", """{"by":[{"column":"x","descending":true},{"column":"id"}]}"""),
        ("join", """{"left":"a","right":"b","on":[{"left":"v","right":"v"}],"how":"LEFT","columns":["id","k","id_right"]}"""),
        ("sample", """{"fraction":0.2,"seed":5}"""),
        ("profile", """{"exact":true}"""),
        ("melt", """{"id":["id"],"columns":["v","g"],"nameColumn":"n","valueColumn":"value"}"""),
        ("pivot", """{"index":["k"],"key":"g","value":"v","function":"sum"}"""),
        ("sql", """{"query":"SELECT k, avg(x) AS a, count(DISTINCT v) AS d FROM source GROUP BY k ORDER BY k"}"""),
    ];

    /// <summary>What stands for the source of a job, until it is known whose it is.</summary>
    private const string Source = "s3://" + Bucket + "/open/table/{0}.csv";

    private readonly S3StoreClusters clusters;

    public S3StoreTests(S3StoreClusters clusters)
    {
        Assert.SkipUnless(S3Server.IsExpected, "npm, which installs the S3 server of this test, is not on this machine.");
        this.clusters = clusters;
    }

    private S3StoreCluster Objects => clusters.Objects;

    private EmbeddedCluster Files => clusters.Files;

    /// <summary>Each operation once and more.</summary>
    public static TheoryData<string, string, int> Matrix { get; } = MatrixOf(Operations);

    /// <summary>Of one stage, of two, of an exchange, of a result by ranges.</summary>
    public static TheoryData<string, string, int> Handful { get; } =
        MatrixOf(Operations.Where(each => each.Operation is "convert" or "join" or "sort"), 7);

    [Theory]
    [MemberData(nameof(Handful))]
    public Task Run_SourcesArtifactsAndOutputOnS3_EqualsFiles(string operation, string parameters, int partitions) =>
        Compare(operation, parameters, partitions);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Matrix))]
    public Task Run_EachOperationOnS3_EqualsFiles(string operation, string parameters, int partitions) =>
        Compare(operation, parameters, partitions);

    [Fact]
    public async Task Result_InEachForm_IsThatOfFiles()
    {
        const string Order = """{"by":[{"column":"v"},{"column":"id"}]}""";
        var here = await RunAsync(Files, Job("sort", Order, "{0}.csv", 7));
        var there = await RunAsync(Objects, Job("sort", Order, Source, 7));

        foreach (var (query, form) in new[] { ("", "application/json"), ("?limit=5&offset=3997", "application/json"),
            ("?offset=2000", "text/csv"), ("", "application/vnd.apache.parquet"), ("?limit=17", "application/vnd.apache.parquet"),
            ("", "application/vnd.apache.arrow.stream"), ("?offset=1999&limit=2", "application/vnd.apache.arrow.stream") })
        {
            Assert.Equal(
                await ReadAsync(Files, $"jobs/{IdOf(here)}/result{query}", form),
                await ReadAsync(Objects, $"jobs/{IdOf(there)}/result{query}", form));
        }

        var parts = await Objects.Http.GetFromJsonAsync<JsonElement>($"jobs/{IdOf(there)}/result/parts");
        foreach (var part in parts.GetProperty("parts").EnumerateArray())
        {
            var bytes = await ReadAsync(
                Objects, $"jobs/{IdOf(there)}/result/parts/{part.GetProperty("index")}", "application/vnd.apache.parquet");
            Assert.Equal(
                part.GetProperty("sha256").GetString(),
                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        }
    }

    // A stage inflates it into pieces, which are artifacts, and the next one reads these as text.
    [Fact]
    public async Task Source_IsOneCompressedStream_IsCutIntoPiecesOnS3()
    {
        var ofFiles = await RunAsync(Files, Compressed("a.csv.gz"));
        var ofObjects = await RunAsync(Objects, Compressed($"s3://{Bucket}/open/table/a.csv.gz"));

        var plan = await Objects.Http.GetFromJsonAsync<JsonElement>($"jobs/{IdOf(ofObjects)}/plan");
        Assert.Contains(plan.GetProperty("stages").EnumerateArray(), stage => stage.GetProperty("name").GetString() == "rechunk");
        Assert.Equal(Content(ofFiles), Content(ofObjects));
    }

    [Fact]
    public async Task Quarantine_WithArtifactsOnS3_HoldsTheBadRow()
    {
        await Objects.Bucket.PutTextAsync("open/bad.csv", "n\n1\nnone\n3\n");

        var end = await RunAsync(Objects, new
        {
            operation = "convert", onBadRow = "QUARANTINE",
            source = new { path = $"s3://{Bucket}/open/bad.csv", options = new { columns = new { n = "BIGINT" } } },
        });
        var bad = await Objects.Http.GetFromJsonAsync<JsonElement>($"jobs/{IdOf(end)}/quarantine");

        Assert.Equal("[[1],[3]]", (await Objects.ResultAsync(IdOf(end))).GetProperty("rows").ToString());
        Assert.Equal($"s3://{Bucket}/open/bad.csv", bad.GetProperty("rows")[0][0].GetString());
        Assert.Equal(1, bad.GetProperty("totalRows").GetInt32());
    }

    [Fact]
    public async Task Source_IsAJobsResultOnS3_ReadsItsRows()
    {
        var first = IdOf(await RunAsync(Objects, Job("filter", """{"where":"id % 2 = 0"}""", Source, 7)));

        var second = await RunAsync(Objects, new
        {
            operation = "aggregate", source = new { job = first },
            parameters = new { aggregates = new[] { new { function = "count", @as = "n" } } },
        });

        Assert.Equal("[[2000]]", (await Objects.ResultAsync(IdOf(second))).GetProperty("rows").ToString());
    }

    [Fact]
    public async Task Output_ModesOnS3_ReplaceRefuseAndAppendAsInFolders()
    {
        const string Place = $"s3://{Bucket}/open/modes/out";
        await Objects.Bucket.PutTextAsync("open/modes/out/notes.txt", "nobody's");

        var refused = await EndAsync(Objects, Output(Place, "ERROR_IF_EXISTS", "id < 10"));
        var first = await RunAsync(Objects, Output(Place, "APPEND", "id < 10"));
        var second = await RunAsync(Objects, Output(Place, "APPEND", "id >= 10 AND id < 30"));
        var both = await CountAsync(Place);
        var third = await RunAsync(Objects, Output($"{Place}/", "OVERWRITE", "id < 5"));
        var keys = await Objects.Bucket.KeysAsync("open/modes/out/");

        Assert.Equal("output-exists", refused.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(30, both);
        Assert.Equal(5, await CountAsync(Place));
        Assert.Equal(5, await CountAsync($"{Place}/*.csv"));
        Assert.Contains("open/modes/out/notes.txt", keys);
        Assert.Contains($"open/modes/out/_manifest-{IdOf(third)}.json", keys);
        Assert.DoesNotContain(keys, key => key.Contains(IdOf(first), StringComparison.Ordinal)
            && !key.Contains("._overwritten-", StringComparison.Ordinal));
        Assert.DoesNotContain(keys, key => key.Contains($"part-{IdOf(second)}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Output_ByFoldersOnS3_IsReadWithItsColumns()
    {
        const string Place = $"s3://{Bucket}/open/by-group";

        var written = await RunAsync(Objects, new
        {
            operation = "convert", source = new { path = "s3://atlas/open/table/a.csv" },
            output = new { path = Place, format = "PARQUET", partitionBy = new[] { "g" }, mode = "ERROR_IF_EXISTS" },
            partitioning = new { minPartitions = 3 },
        });
        var counted = await RunAsync(Objects, new
        {
            operation = "aggregate", source = new { path = $"{Place}/**/*.parquet" },
            parameters = new { groupBy = new[] { "g" }, aggregates = new[] { new { function = "count", @as = "n" } } },
        });

        var keys = await Objects.Bucket.KeysAsync("open/by-group/");
        Assert.Contains(keys, key => key.StartsWith("open/by-group/g=3/part-", StringComparison.Ordinal));
        Assert.Equal(11, (await Objects.ResultAsync(IdOf(counted))).GetProperty("totalRows").GetInt32());
        Assert.Equal(4000, (await Objects.ResultAsync(IdOf(written))).GetProperty("totalRows").GetInt32());
        Assert.Equal(4000, (await Objects.Http.GetFromJsonAsync<JsonElement>($"jobs/{IdOf(written)}/result?limit=1&offset=3999"))
            .GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData("s3://atlas/open")]
    [InlineData("s3://atlas/closed/out")]
    [InlineData("s3://atlas/kept/artifacts/out")]
    [InlineData("s3://atlas/open/*/out")]
    [InlineData("s3://atlas/open//out")]
    [InlineData("s3://atlas/open/.out")]
    public async Task Output_WhereNoneMayBe_IsRefused(string place)
    {
        using var response = await Objects.Http.PostAsJsonAsync("jobs/submit", Output(place, "APPEND", "true"));

        Assert.Equal(
            ("path-not-allowed", HttpStatusCode.UnprocessableEntity),
            ((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString(), response.StatusCode));
    }

    [Fact]
    public async Task Publish_ArtifactIsGoneFromS3_ComputesItAgain()
    {
        const string Place = $"s3://{Bucket}/open/lost/out";
        var failed = await EndAsync(Objects, Output(Place, "ERROR_IF_EXISTS", "id < 100"), async id =>
        {
            // It was free when the job was planned.
            await Objects.WaitAsync(id, (phase, _) => phase != "PLANNING");
            await Objects.Bucket.PutTextAsync("open/lost/out/theirs.csv", "id\n1\n");
        });
        Assert.SkipUnless(failed.GetProperty("status").GetString() == "FAILED", "The job was done before its place was taken.");
        var id = IdOf(failed);
        var artifact = Assert.Single(await Objects.Bucket.KeysAsync($"{S3Bucket.Artifacts}/{id}/"));
        await Objects.Bucket.Client.DeleteObjectAsync(Bucket, artifact);
        await Objects.Bucket.Client.DeleteObjectAsync(Bucket, "open/lost/out/theirs.csv");

        using var retry = await Objects.Http.PostAsync($"jobs/{id}/retry", null);
        var end = await Objects.WaitForEndAsync(id);

        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        Assert.Equal(100, await CountAsync(Place));
        var attempts = await Objects.Http.GetFromJsonAsync<JsonElement>($"jobs/{id}/partitions");
        Assert.Equal(2, attempts.GetProperty("items")[0].GetProperty("attempts").GetArrayLength());
    }

    [Fact]
    public async Task Delete_JobWithItsResultOnS3_LeavesNothing()
    {
        var id = IdOf(await RunAsync(Objects, Job("distinct", "{}", Source, 7)));
        var kept = await Objects.Bucket.KeysAsync($"{S3Bucket.Artifacts}/{id}/");

        using var deleted = await Objects.Http.DeleteAsync($"jobs/{id}");

        Assert.NotEmpty(kept);
        Assert.Empty(await Objects.Bucket.KeysAsync($"{S3Bucket.Artifacts}/{id}/"));
    }

    [Fact]
    public async Task Processes_WithArtifactsOnS3_TellNobodyTheSecret()
    {
        var id = IdOf(await RunAsync(Objects, Job("distinct", "{}", Source, 7)));

        var documents = await Task.WhenAll(
            new[] { $"jobs/{id}", $"jobs/{id}/plan", $"jobs/{id}/status", "cluster/status", "audit", "health" }
                .Select(async path => await (await Objects.Http.GetAsync(path)).Content.ReadAsStringAsync()));
        var logs = Directory.EnumerateFiles(Objects.StateFolder, "*.log", SearchOption.AllDirectories).Select(ReadShared)
            .Append(Objects.Log.ToString());
        var executors = Objects.ExecutorIds();
        var processes = executors.Concat(Objects.WorkerIds()).Append(Objects.GatewayId);

        Assert.NotEmpty(executors);
        Assert.All(
            documents.Concat(logs),
            text => Assert.DoesNotContain(S3Server.SecretAccessKey, text, StringComparison.Ordinal));
        Assert.All(documents.Concat(logs), text => Assert.DoesNotContain("X-Amz-", text, StringComparison.OrdinalIgnoreCase));
        Assert.All(processes, process => Assert.DoesNotContain(
            S3Server.SecretAccessKey, File.ReadAllText($"/proc/{process}/cmdline"), StringComparison.Ordinal));
        Assert.All(executors, process => Assert.DoesNotContain(
            S3Server.SecretAccessKey, File.ReadAllText($"/proc/{process}/environ"), StringComparison.Ordinal));
    }

    private static TheoryData<string, string, int> MatrixOf(
        IEnumerable<(string Operation, string Parameters)> operations, params int[] partitions)
    {
        var cases = new TheoryData<string, string, int>();
        foreach (var (operation, parameters) in operations)
        {
            foreach (var count in partitions.Length == 0 ? [1, 7] : partitions)
            {
                cases.Add(operation, parameters, count);
            }
        }

        return cases;
    }

    // Kept with the job, and put into a place of its own.
    private async Task Compare(string operation, string parameters, int partitions)
    {
        var (kept, stored) = (await RunAsync(Files, Job(operation, parameters, "{0}.csv", partitions)),
            await RunAsync(Objects, Job(operation, parameters, Source, partitions)));
        Assert.Equal(Content(kept), Content(stored));

        var name = Guid.NewGuid().ToString("N");
        var (inFolder, onS3) = (
            await RunAsync(Files, Job(operation, parameters, "{0}.csv", partitions, $"out/{name}")),
            await RunAsync(Objects, Job(operation, parameters, Source, partitions, $"s3://{Bucket}/open/out/{name}")));
        Assert.Equal(Content(inFolder), Content(onS3));
        var files = inFolder.GetProperty("result").GetProperty("files").EnumerateArray()
            .Select(file => File.ReadAllBytes(Path.Combine(Files.Folder, "out", name, file.GetProperty("path").GetString()!)));
        foreach (var (file, entry) in files.Zip(onS3.GetProperty("result").GetProperty("files").EnumerateArray()))
        {
            Assert.Equal(file, await Objects.Bucket.ReadAsync($"open/out/{name}/{entry.GetProperty("path").GetString()}"));
        }
    }

    // Rows, bytes and hashes of the files, in order; and there are some.
    private static string Content(JsonElement end)
    {
        var files = end.GetProperty("result").GetProperty("files").EnumerateArray().ToList();
        Assert.NotEmpty(files);
        return string.Join('\n', files.Select(file =>
            $"{file.GetProperty("rows")} {file.GetProperty("bytes")} {file.GetProperty("sha256")}"));
    }

    private static object Job(string operation, string parameters, string source, int partitions, string? output = null)
    {
        var (a, b) = (string.Format(CultureInfo.InvariantCulture, source, "a"),
            string.Format(CultureInfo.InvariantCulture, source, "b"));
        var isJoin = operation == "join";
        return new
        {
            operation,
            source = isJoin ? null : new { path = a },
            sources = isJoin ? new { a = new { path = a }, b = new { path = b } } : null,
            parameters = JsonDocument.Parse(parameters).RootElement,
            output = output is null ? null : new { path = output, format = "CSV", mode = "ERROR_IF_EXISTS" },
            partitioning = new { minPartitions = partitions, maxPartitions = partitions },
        };
    }

    private static object Compressed(string path) => new
    {
        operation = "sort", source = new { path },
        parameters = JsonDocument.Parse("""{"by":[{"column":"v"},{"column":"id"}]}""").RootElement,
        partitioning = new { targetBytes = 16384 },
    };

    private static object Output(string place, string mode, string where) => new
    {
        operation = "filter", source = new { path = $"s3://{Bucket}/open/table/a.csv" }, parameters = new { where },
        output = new { path = place, format = "CSV", mode },
    };

    private async Task<int> CountAsync(string path)
    {
        var end = await RunAsync(Objects, new
        {
            operation = "aggregate", source = new { path },
            parameters = new { aggregates = new[] { new { function = "count", @as = "n" } } },
        });
        return (await Objects.ResultAsync(IdOf(end))).GetProperty("rows")[0][0].GetInt32();
    }

    private static async Task<JsonElement> RunAsync(EmbeddedCluster cluster, object job)
    {
        var end = await EndAsync(cluster, job);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", $"{end}\n{cluster.Log}");
        return end;
    }

    private static async Task<JsonElement> EndAsync(EmbeddedCluster cluster, object job, Func<string, Task>? meanwhile = null)
    {
        using var response = await cluster.Http.PostAsJsonAsync("jobs/submit", job);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (!response.IsSuccessStatusCode)
        {
            return JsonSerializer.SerializeToElement(new { status = "REFUSED", error = answer });
        }

        if (meanwhile is not null)
        {
            await meanwhile(IdOf(answer));
        }

        return await cluster.WaitForEndAsync(IdOf(answer));
    }

    private static async Task<byte[]> ReadAsync(EmbeddedCluster cluster, string path, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(form));
        using var response = await cluster.Http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.True(response.IsSuccessStatusCode, Encoding.UTF8.GetString(bytes));
        return bytes;
    }

    private static string ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static string IdOf(JsonElement status) => status.GetProperty("id").GetString()!;
}
