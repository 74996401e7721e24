using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>
/// A client that a generator of others makes from the described interface, with the generator's own settings, works.
/// </summary>
[Collection("gateway")]
public sealed class GeneratedClientTests(GatewayCluster gateway)
{
    private static Dictionary<string, Type>? compiled;

    [Fact]
    public async Task GeneratedClient_SubmitsAJobAndReadsItsRows()
    {
        var types = await TypesAsync();
        dynamic client = Open(types);

        var status = await SubmitAsync(client, types, "genes.csv");
        for (var deadline = DateTimeOffset.UtcNow.AddSeconds(60); Word(status) is "QUEUED" or "PLANNING" or "RUNNING"
            or "PUBLISHING";)
        {
            Assert.True(DateTimeOffset.UtcNow < deadline, Word(status));
            status = await client.GetStatusAsync((string)status.Id, null, "wait=5");
        }

        var rows = await client.GetResultAsync((string)status.Id, 0L, 3L, null);
        Assert.Equal("SUCCEEDED", Word(status));
        // What the spec left out has the gateway's defaults, and not the zeros of a generator.
        Assert.Equal("NORMAL", ((object)status.Priority).ToString());
        Assert.Equal(10, (long)rows.TotalRows);
        Assert.Equal(["g0", "g1", "g2"], ((IEnumerable<object>)rows.Rows).Select(row => $"{((IEnumerable<object>)row).First()}"));
    }

    [Fact]
    public async Task GeneratedClient_JobThatIsRefused_ThrowsTheProblemDocument()
    {
        var types = await TypesAsync();
        dynamic client = Open(types);

        Func<Task> submit = () => SubmitAsync(client, types, "nothing-*.csv");
        var refusal = await Record.ExceptionAsync(submit);

        Assert.NotNull(refusal);
        dynamic problem = refusal.GetType().GetProperty("Result")!.GetValue(refusal)!;
        Assert.Equal("dataset-not-found", (string)problem.Code);
    }

    private object Open(Dictionary<string, Type> types) => Activator.CreateInstance(
        types["GeneratedClient"], gateway.Http.BaseAddress!.GetLeftPart(UriPartial.Authority), new HttpClient())!;

    private async Task<Dictionary<string, Type>> TypesAsync()
    {
        if (compiled is null)
        {
            var document = await OpenApiDocument.FromJsonAsync(await gateway.Http.GetStringAsync("/openapi/v1.json"));
            var settings = new CSharpClientGeneratorSettings
            {
                ClassName = "GeneratedClient", CSharpGeneratorSettings = { Namespace = "Generated" },
            };
            compiled = Compile(new CSharpClientGenerator(document, settings).GenerateFile());
        }

        return compiled;
    }

    private static async Task<dynamic> SubmitAsync(dynamic client, Dictionary<string, Type> types, string path)
    {
        dynamic source = Activator.CreateInstance(types["SourceSpec"])!;
        source.Path = new List<string> { path };
        dynamic parameters = Activator.CreateInstance(types["JobSpec"].GetProperty("Parameters")!.PropertyType)!;
        parameters.AdditionalProperties["groupBy"] = new[] { "gene" };
        parameters.AdditionalProperties["orderBy"] = new[] { new { column = "gene" } };
        dynamic spec = Activator.CreateInstance(types["JobSpec"])!;
        spec.Operation = (dynamic)Enum.Parse(types["OperationKind"], "Aggregate");
        spec.Source = source;
        spec.Parameters = parameters;
        // Settings of which nothing is set.
        spec.Partitioning = (dynamic)Activator.CreateInstance(types["PartitioningSpec"])!;
        spec.Retry = (dynamic)Activator.CreateInstance(types["RetrySpec"])!;
        spec.Resources = (dynamic)Activator.CreateInstance(types["ResourceRequest"])!;
        return await client.SubmitJobAsync(null, Guid.NewGuid().ToString(), spec);
    }

    private static string Word(dynamic status) => ((object)status.Status).ToString()!;

    private static Dictionary<string, Type> Compile(string code)
    {
        // All that this process may load: the runtime, and what the generated code asks for beside it.
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "GeneratedClient", [CSharpSyntaxTree.ParseText(code)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var built = compilation.Emit(image);
        Assert.True(
            built.Success,
            string.Join('\n', built.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(10)));
        return Assembly.Load(image.ToArray()).GetExportedTypes().ToDictionary(type => type.Name);
    }
}
