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
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        foreach (var operation in document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => method.Value)))
        {
            var name = operation.GetProperty("operationId").GetString()!;
            Assert.True(operation.TryGetProperty("summary", out _), $"{name} has no note in the reference.");
            var refusal = operation.GetProperty("responses").GetProperty("401").GetProperty("content").GetProperty("application/problem+json");
            Assert.True(HasExample(operation), $"{name} has no example of its answer.");
            Assert.Equal(
                "#/components/examples/unauthenticated",
                refusal.GetProperty("examples").GetProperty("unauthenticated").GetProperty("$ref").GetString());
            if (operation.TryGetProperty("requestBody", out var body))
            {
                Assert.True(body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _), $"{name} has no example of its body.");
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
        Assert.Equal(Contracts.ProblemCode.All.Select(code => code.Word).Order(), read.Document!.Components!.Examples!.Keys.Order());
    }

    // The examples are not made up: the gateway takes the one of its most important operation.
    [Fact]
    public async Task OpenApi_ExampleOfSubmit_HasTheRightForm()
    {
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var example = document.GetProperty("paths").GetProperty("/api/processing/jobs/submit").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("example");

        using var response = await gateway.Http.PostAsJsonAsync("jobs/submit?validateOnly=true", example);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal("dataset-not-found", problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Docs_Browser_IsServedByTheGatewayItself()
    {
        var page = await gateway.Http.GetStringAsync("/docs/");

        Assert.Contains("Orleans.Cluster", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://cdn", page, StringComparison.Ordinal);
    }

    private static bool HasExample(JsonElement operation) => operation.GetProperty("responses").EnumerateObject()
        .Where(answer => answer.Name[0] == '2' && answer.Value.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out _))
        .All(answer => answer.Value.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _));

    private static string CheckedIn([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy", "openapi.v1.json");
}
