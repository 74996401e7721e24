using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Reference;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// <c>deploy/reference/OPERATIONS.md</c> has every operation and every option of a job with its type, default and bounds as the
/// OpenAPI document has them, and with an example. Run this test with ORLEANS_CLUSTER_WRITE_REFERENCE=1 after a change.
/// </summary>
public sealed class OperationsPageTests
{
    private const string Intro =
        """
        # Operations

        A job names one in `operation` and gives its parameters in `parameters`. The examples run as they stand where `deploy/examples` is the data root; a test
        does it. Functions are on [a page of their own](FUNCTIONS.md). This page is made from the code, as is the OpenAPI document.
        """;

    private const string OptionsIntro =
        """

        ## Options of a job

        Beside `operation` and `parameters`. What is not given has its default.

        """;

    private static string Page => Path.Combine(Repository.Root, "deploy", "reference", "OPERATIONS.md");

    [Fact]
    public void Page_OfOperations_IsWhatTheCodeSays()
    {
        var expected = Render();

        if (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_WRITE_REFERENCE") == "1")
        {
            File.WriteAllText(Page, expected);
        }

        Assert.Equal(expected, File.Exists(Page) ? File.ReadAllText(Page) : "");
    }

    // An option without an example is one that nobody has tried in the form in which it is told.
    [Fact]
    public void Examples_OfEachOperation_UseEachParameter()
    {
        var schemas = new ReferenceDocument();

        Assert.Equal(Enum.GetValues<OperationKind>().Order(), OperationExamples.ByOperation.Keys.Order());
        foreach (var (operation, type) in ParameterTypes.All)
        {
            var used = OperationExamples.ByOperation[operation]
                .SelectMany(example => Paths(JsonDocument.Parse(example).RootElement.GetProperty("parameters")));
            Assert.Equal(schemas.Fields(type.Name).Select(field => field.Path).Order(), used.Distinct().Order());
        }
    }

    [Fact]
    public void Examples_OfOptions_UseEachOption()
    {
        var known = new ReferenceDocument().Fields("JobSpec").Select(field => field.Path)
            .Where(path => !path.StartsWith("parameters", StringComparison.Ordinal)).ToHashSet();

        var used = OperationExamples.Options.SelectMany(example => Paths(JsonDocument.Parse(example).RootElement)).ToHashSet();

        Assert.Empty(known.Except(used));
    }

    // What the client offers by name is what the gateway takes.
    [Fact]
    public void Catalogue_OfAggregates_IsTheEnumOfTheClient() => Assert.Equal(
        AggregateCatalogue.All.Select(function => function.Name),
        Enum.GetValues<Client.AggregateFunction>()
        .Select(function => JsonNamingPolicy.SnakeCaseLower.ConvertName(function.ToString())));

    private static string Render()
    {
        var schemas = new ReferenceDocument();
        var kinds = File.ReadAllText(Path.Combine(Repository.Root, "src", "Orleans.Cluster.Contracts", "JobSpec.cs"));
        var lines = new List<string> { Intro };
        foreach (var operation in Enum.GetValues<OperationKind>())
        {
            lines.Add($"\n## {operation.ToString().ToLowerInvariant()}\n\n"
                + $"{DocComments.Summary(kinds, $"    {operation} = ").Split(" See `")[0].TrimEnd('.')}.\n");
            if (ParameterTypes.All.FirstOrDefault(pair => pair.Operation == operation).Parameters is { } type)
            {
                lines.AddRange(Table("parameter", schemas.Fields(type.Name)));
            }

            lines.Add(string.Join(
                "\n\n", OperationExamples.ByOperation[operation].Select(example => $"```json\n{example}\n```")));
        }

        lines.Add(OptionsIntro + string.Join('\n', Table(
            "option",
            schemas.Fields("JobSpec")
            .Where(field => field.Path != "operation" && !field.Path.StartsWith("parameters", StringComparison.Ordinal)))));
        lines.Add(string.Join("\n\n", OperationExamples.Options.Select(example => $"```json\n{example}\n```")));
        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<string> Table(string what, IEnumerable<ReferenceField> fields) =>
    [
        $"| {what} | type | default | meaning |\n| --- | --- | --- | --- |",
        .. fields.Select(field =>
            $"| `{field.Path}` | {field.Type}{(field.Bounds.Length == 0 ? "" : $", {field.Bounds}")} | {field.Default} | "
            + $"{field.Meaning} |"),
        "",
    ];

    // A list's fields are those of its items; a map's names are the user's own.
    private static IEnumerable<string> Paths(JsonElement element, string at = "") => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray()
            .SelectMany(item => Paths(item, item.ValueKind == JsonValueKind.Object ? $"{at}[]" : at)),
        JsonValueKind.Object when at is "labels" or "source.options.columns" => [],
        JsonValueKind.Object
            when at == "sources" => element.EnumerateObject().SelectMany(source => Paths(source.Value, "source")),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(field =>
            Paths(field.Value, at.Length == 0 ? field.Name : $"{at}.{field.Name}")
            .Prepend(at.Length == 0 ? field.Name : $"{at}.{field.Name}")),
        _ => [],
    };
}
