using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Orleans.Cluster.SystemTests.Gateway;

[Collection("gateway")]
public sealed class ReferenceTests(GatewayCluster gateway)
{
    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // ORLEANS_CLUSTER_WRITE_REFERENCE=1 writes the file anew; a review then sees what changed.
    [Fact]
    public async Task OpenApi_Document_IsTheOneCheckedIn()
    {
        var served = JsonNode.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"))!.ToJsonString(Written) + "\n";
        if (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_WRITE_REFERENCE") == "1")
        {
            await File.WriteAllTextAsync(CheckedIn(), served);
        }

        Assert.Equal(await File.ReadAllTextAsync(CheckedIn()), served);
    }

    [Fact]
    public async Task OpenApi_EveryOperation_HasSummaryExampleAndCodes()
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        foreach (var operation in document.GetProperty("paths")
            .EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => method.Value)))
        {
            var name = operation.GetProperty("operationId").GetString()!;
            Assert.True(operation.TryGetProperty("summary", out _), $"{name} has no note in the reference.");
            var refusal = operation.GetProperty("responses")
                .GetProperty("401").GetProperty("content").GetProperty("application/problem+json");
            Assert.True(HasExample(operation), $"{name} has no example of its answer.");
            Assert.Equal(
                "#/components/examples/unauthenticated",
                refusal.GetProperty("examples").GetProperty("unauthenticated").GetProperty("$ref").GetString());
            if (operation.TryGetProperty("requestBody", out var body))
            {
                Assert.True(body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _),
                    $"{name} has no example of its body.");
            }
        }
    }

    [Fact]
    public async Task OpenApi_Document_Validates()
    {
        var read = OpenApiDocument.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"), "json");

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.Equal(
            Contracts.ProblemCode.All.Select(code => code.Word).Order(), read.Document!.Components!.Examples!.Keys.Order());
    }

    // Who opens the reference and presses Send on what is there gets rows, before there is any data of one's own.
    [Fact]
    public async Task OpenApi_ExampleOfSubmit_RunsAsItStands()
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        var status = await gateway.Cluster.WaitForEndAsync(
            GatewayCluster.Id(await gateway.Cluster.SubmitAsync(BodyExample(document, "jobs/submit"))));

        Assert.Equal("SUCCEEDED", status.GetProperty("status").GetString());
        Assert.Equal(8, status.GetProperty("result").GetProperty("rows").GetInt64());
    }

    [Theory, InlineData("data/preview"), InlineData("data/partition")]
    public async Task OpenApi_ExampleOfData_RunsAsItStands(string path)
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        using var response = await gateway.Http.PostAsJsonAsync(path, BodyExample(document, path));

        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task OpenApi_ParametersOfAJob_AreTheRecordsOfTheOperations()
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var forms = schemas.GetProperty("JobSpec")
            .GetProperty("properties").GetProperty("parameters").GetProperty("anyOf").EnumerateArray()
            .Where(form => form.TryGetProperty("$ref", out _))
            .Select(form => form.GetProperty("$ref").GetString()!.Split('/')[^1]).ToList();

        Assert.Equal(
            ["AggregateParameters", "FilterParameters", "SelectParameters", "DistinctParameters", "SortParameters",
                "JoinParameters",
                "SampleParameters", "ProfileParameters", "MeltParameters", "PivotParameters", "SqlParameters"],
            forms);
        Assert.All(forms, form => Assert.False(schemas.GetProperty(form).GetProperty("additionalProperties").GetBoolean()));
        var function = schemas.GetProperty("AggregateSpec").GetProperty("properties").GetProperty("function");
        Assert.Contains("quantile_cont", function.GetProperty("enum").EnumerateArray().Select(word => word.GetString()));
        var query = schemas.GetProperty("SqlParameters");
        Assert.Equal("query", Assert.Single(query.GetProperty("required").EnumerateArray()).GetString());
        Assert.Equal(1_000_000, query.GetProperty("properties").GetProperty("query").GetProperty("maxLength").GetInt32());
    }

    [Fact]
    public async Task Docs_Browser_IsServedByTheGatewayItself()
    {
        var page = await gateway.Http.GetStringAsync("/docs/");

        Assert.Contains("Orleans.Cluster", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://cdn", page, StringComparison.Ordinal);
    }

    private static JsonElement BodyExample(JsonElement document, string path) =>
        document.GetProperty("paths").GetProperty($"/api/processing/{path}").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("example");

    private static bool HasExample(JsonElement operation) => operation.GetProperty("responses").EnumerateObject()
        .Where(answer => answer.Name[0] == '2' && answer.Value.TryGetProperty("content", out var content)
            && content.TryGetProperty("application/json", out _))
        .All(answer => answer.Value.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _));

    private static string CheckedIn([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy", "openapi.v1.json");
}
