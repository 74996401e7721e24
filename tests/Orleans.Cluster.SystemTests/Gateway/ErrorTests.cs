using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Error codes, each provoked over real HTTP.</summary>
[Collection("gateway")]
public sealed class ErrorTests(GatewayCluster gateway)
{
    private const string Unknown = "01J00000000000000000000000";

    public static TheoryData<string, int, string> Refusals => new()
    {
        { """{"operation":"aggregate","sourse":{}}""", 400, "validation-failed" },
        { """{"operation":"aggregate",}""", 400, "validation-failed" },
        { """{"operation":"convert","source":{"path":"nothing-*.csv"}}""", 422, "dataset-not-found" },
        { """{"operation":"convert","source":{"path":"broken.parquet"}}""", 422, "dataset-not-readable" },
        { """{"operation":"convert","source":{"path":"genes.csv","options":{"header":false,"columns":{"a":"VARCHAR"}}}}""", 422,
            "schema-conflict" },
        { """{"operation":"aggregate","source":{"path":"genes.csv"},"parameters":{"groupBy":["gne"]}}""", 422,
            "column-not-found" },
        { """{"operation":"filter","source":{"path":"genes.csv"},"parameters":{"where":"n >"}}""", 422, "query-invalid" },
        { """{"operation":"sql","source":{"path":"genes.csv"},"parameters":{"query":"DROP TABLE source"}}""", 422,
            "query-invalid" },
        { """{"operation":"convert","source":{"path":"../secret.csv"}}""", 422, "path-not-allowed" },
        { """{"operation":"convert","source":{"path":"/etc/passwd"}}""", 422, "path-not-allowed" },
        { """{"operation":"convert","source":{"path":"/proc/self/environ"}}""", 422, "path-not-allowed" },
        { """{"operation":"convert","source":{"path":"link.csv"}}""", 422, "path-not-allowed" },
        { """{"operation":"convert","source":{"path":"genes.csv"},"output":{"path":"../out"}}""", 422, "path-not-allowed" },
        { """{"operation":"convert","source":{"path":"genes.csv"},"resources":{"memoryBytes":1125899906842624}}""", 422,
            "resources-impossible" },
    };

    [Theory, MemberData(nameof(Refusals))]
    [Provokes(
        "validation-failed", "dataset-not-found", "dataset-not-readable", "column-not-found", "query-invalid", "path-not-allowed",
        "resources-impossible",
        "schema-conflict")]
    public async Task Submit_WhatCannotRun_IsRefusedWithItsCode(string body, int status, string code)
    {
        gateway.Write("broken.parquet", "PAR1 this is none");
        var link = Path.Combine(gateway.Cluster.Folder, "link.csv");
        if (!File.Exists(link))
        {
            File.CreateSymbolicLink(link, "/etc/hostname");
        }

        using var response = await gateway.Http.PostAsync(
            "jobs/submit", new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", problem.ToString());
        Assert.True((status, code) == ((int)response.StatusCode, Code(problem)), problem.ToString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.All(
            (string[])["type", "title", "detail", "instance", "traceId"],
            field => Assert.False(string.IsNullOrEmpty(problem.GetProperty(field).GetString()), field));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("\\\\\\\\host\\\\share\\\\x.csv")]
    [InlineData("genes.csv\\u0000.txt")]
    [InlineData("./../../etc/passwd")]
    [InlineData("sub/../../x.csv")]
    [InlineData("~/x.csv")]
    [InlineData("http://127.0.0.1/x.csv")]
    [InlineData("/dev/stdin")]
    public async Task Submit_PathTricks_AreRefused(string path)
    {
        var (status, problem) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit", $$$"""{"operation":"convert","source":{"path":"{{{path}}}"}}""");

        Assert.True((int)status is 400 or 422, problem.ToString());
        Assert.Contains(Code(problem), (string[])["validation-failed", "path-not-allowed", "dataset-not-found"]);
    }

    [Theory, Provokes("job-not-found", "not-found", "method-not-allowed", "unsupported-media-type")]
    [InlineData("GET", "jobs/" + Unknown + "/status", 404, "job-not-found")]
    [InlineData("POST", "jobs/" + Unknown + "/cancel", 404, "job-not-found")]
    [InlineData("POST", "jobs/" + Unknown + "/retry", 404, "job-not-found")]
    [InlineData("DELETE", "jobs/" + Unknown, 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/result", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/quarantine", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/events", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/partitions", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/plan", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/logs", 404, "job-not-found")]
    [InlineData("GET", "jobs/" + Unknown + "/callbacks", 404, "job-not-found")]
    [InlineData("GET", "jobs/not-an-id/status", 400, "validation-failed")]
    [InlineData("GET", "jobs/list?pageSize=0", 400, "validation-failed")]
    [InlineData("GET", "jobs/list?stauts=FAILED", 400, "validation-failed")]
    [InlineData("GET", "jobs/list?pageToken=x", 400, "validation-failed")]
    [InlineData("DELETE", "queue/status", 405, "method-not-allowed")]
    [InlineData("GET", "nothing/here", 404, "not-found")]
    [InlineData("DELETE", "keys/oc_00000000", 404, "not-found")]
    [InlineData("POST", "jobs/submit", 415, "unsupported-media-type")]
    public async Task Request_ThatCannotBeMet_HasItsCode(string method, string path, int status, string code)
    {
        var (answer, problem) = await gateway.SendAsync(new HttpMethod(method), path);

        Assert.True((status, code) == ((int)answer, Code(problem)), problem.ToString());
    }

    [Fact, Provokes("payload-too-large")]
    public async Task Submit_TooLargeABody_IsRefused()
    {
        var (status, problem) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit", $$"""{"operation":"aggregate","name":"{{new string('x', 5_000_000)}}"}""");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "payload-too-large"), (status, Code(problem)));
    }

    [Fact, Provokes("job-already-terminal")]
    public async Task Cancel_EndedJob_IsRefused()
    {
        var id = await gateway.SucceededAsync(Sums());

        var (cancel, problem) = await gateway.SendAsync(HttpMethod.Post, $"jobs/{id}/cancel");
        var (retry, other) = await gateway.SendAsync(HttpMethod.Post, $"jobs/{id}/retry");

        Assert.Equal((HttpStatusCode.Conflict, "job-already-terminal"), (cancel, Code(problem)));
        Assert.Equal((HttpStatusCode.Conflict, "job-already-terminal"), (retry, Code(other)));
    }

    [Fact, Provokes("idempotency-key-reused")]
    public async Task Submit_KeyOfAnotherRequest_IsRefused()
    {
        var key = Guid.NewGuid().ToString();
        var (first, _) = await gateway.SendAsync(HttpMethod.Post, "jobs/submit", Sums(), ("Idempotency-Key", key));

        var (second, problem) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit", Sums(new { other = "1" }), ("Idempotency-Key", key));

        Assert.Equal(
            (HttpStatusCode.Accepted, HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"),
            (first, second, Code(problem)));
    }

    [Fact, Provokes("result-not-ready", "bad-row", "dependency-failed")]
    public async Task Result_OfAWaitingJob_IsNotReady()
    {
        var failed = await EndAsync(
            new
            {
                operation = "convert", source = new { path = "genes.csv", options = new { columns = new { gene = "BIGINT" } } },
            });
        var dependent = await EndAsync(
            new { operation = "convert", source = new { path = "genes.csv" }, dependsOn = new[] { Id(failed) } });

        var (status, problem) = await gateway.SendAsync(HttpMethod.Get, $"jobs/{Id(failed)}/result");

        Assert.Equal(("FAILED", "bad-row"), (failed.GetProperty("status").GetString(), Code(failed.GetProperty("error"))));
        Assert.Equal(
            ("FAILED", "dependency-failed"), (dependent.GetProperty("status").GetString(), Code(dependent.GetProperty("error"))));
        Assert.Equal((HttpStatusCode.Conflict, "result-not-ready"), (status, Code(problem)));
    }

    [Fact, Provokes("output-exists")]
    public async Task Submit_IntoAnotherJobsOutput_IsRefusedBeforeAnyWork()
    {
        var job = new
        {
            operation = "convert", source = new { path = "genes.csv" }, output = new { path = $"out-{Guid.NewGuid():N}" },
        };
        await gateway.SucceededAsync(job);

        var (status, problem) = await gateway.SendAsync(HttpMethod.Post, "jobs/submit", job);

        Assert.Equal((HttpStatusCode.Conflict, "output-exists"), (status, Code(problem)));
    }

    [Fact, Provokes("output-not-writable")]
    public async Task Submit_IntoAFolderBelowAFile_IsRefusedBeforeAnyWork()
    {
        var (status, problem) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit",
            new { operation = "convert", source = new { path = "genes.csv" }, output = new { path = "genes.csv/out" } });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "output-not-writable"), (status, Code(problem)));
    }

    [Fact, Provokes("job-timeout")]
    public async Task Job_PastItsTime_FailsWithItsCode()
    {
        var end = await EndAsync(new { operation = "convert", source = new { path = "genes.csv" }, timeoutSeconds = 0.001 });

        Assert.Equal(("FAILED", "job-timeout"), (end.GetProperty("status").GetString(), Code(end.GetProperty("error"))));
    }

    [Fact, Provokes("not-acceptable")]
    public async Task Result_InAFormThatThereIsNot_IsRefused()
    {
        var id = await gateway.SucceededAsync(Sums());

        var (status, problem) = await gateway.SendAsync(HttpMethod.Get, $"jobs/{id}/result", null, ("Accept", "image/png"));

        Assert.Equal((HttpStatusCode.NotAcceptable, "not-acceptable"), (status, Code(problem)));
    }

    [Fact, Provokes("result-expired")]
    public async Task Result_WhoseFilesAreGone_IsExpired()
    {
        var folder = $"out-{Guid.NewGuid():N}";
        var id = await gateway.SucceededAsync(
            new { operation = "convert", source = new { path = "genes.csv" }, output = new { path = folder } });
        Directory.Delete(Path.Combine(gateway.Cluster.Folder, folder), recursive: true);

        var (status, problem) = await gateway.SendAsync(HttpMethod.Get, $"jobs/{id}/result");

        Assert.Equal((HttpStatusCode.Gone, "result-expired"), (status, Code(problem)));
    }

    // One text of ten gigabytes, of a table of ten kilobytes: nothing that could be split.
    [Fact, Provokes("out-of-memory")]
    public async Task Job_ThatNeedsMoreMemoryThanItAskedFor_FailsWithItsCode()
    {
        var end = await EndAsync(new
        {
            operation = "sql",
            source = new { path = "genes.csv" },
            parameters = new { query = "SELECT string_agg(repeat(a.gene, 5000), '') AS t FROM source a CROSS JOIN source b" },
            resources = new { memoryBytes = 268_435_456 },
            retry = new { maxAttempts = 1 },
        });

        Assert.Equal(("FAILED", "out-of-memory"), (end.GetProperty("status").GetString(), Code(end.GetProperty("error"))));
    }

    private async Task<JsonElement> EndAsync(object job) =>
        await gateway.Cluster.WaitForEndAsync(Id(await gateway.Cluster.SubmitAsync(job)));
}
