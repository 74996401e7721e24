using System.Collections;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Reference;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// <c>deploy/reference/OPERATIONS.md</c> has every operation and every one of its parameters with an example. It is made from the contract's classes:
/// run this test with ORLEANS_CLUSTER_WRITE_REFERENCE=1 after a change.
/// </summary>
public sealed class OperationsPageTests
{
    private const string Intro =
        """
        # Operations

        A job names one in `operation` and gives its parameters in `parameters`. The examples run as they stand where `deploy/examples` is the data root; a test
        does it. This page is made from the code.
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
        Assert.Equal(Enum.GetValues<OperationKind>().Order(), OperationExamples.ByOperation.Keys.Order());
        foreach (var (operation, example) in OperationExamples.ByOperation)
        {
            var used = JsonDocument.Parse(example).RootElement.TryGetProperty("parameters", out var given) ? given.EnumerateObject().Select(field => field.Name).ToList() : [];
            var known = Parameters(operation)?.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).ToList() ?? [];

            // Of a sample one size alone is given.
            Assert.Equal(known.Where(name => (operation, name) != (OperationKind.Sample, "fraction")).Order(), used.Order());
        }
    }

    private static string Render()
    {
        var source = File.ReadAllText(Path.Combine(Repository.Root, "src", "Orleans.Cluster.Contracts", "OperationParameters.cs"));
        var kinds = File.ReadAllText(Path.Combine(Repository.Root, "src", "Orleans.Cluster.Contracts", "JobSpec.cs"));
        var lines = new List<string> { Intro };
        foreach (var operation in Enum.GetValues<OperationKind>())
        {
            lines.Add($"\n## {operation.ToString().ToLowerInvariant()}\n\n{DocComments.Summary(kinds, $"    {operation} = ").Split(" See `")[0].TrimEnd('.')}.\n");
            if (Parameters(operation) is { } type)
            {
                var usual = Activator.CreateInstance(type)!;
                lines.Add("| parameter | default | meaning |\n| --- | --- | --- |");
                lines.AddRange(type.GetProperties().Select(property =>
                    $"| `{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}` | {Default(property.GetValue(usual))} | "
                    + $"{DocComments.Summary(source, $" {property.Name} {{", $"record {type.Name}")} |"));
                lines.Add("");
            }

            lines.Add($"```json\n{OperationExamples.ByOperation[operation]}\n```");
        }

        return string.Join('\n', lines) + "\n";
    }

    private static Type? Parameters(OperationKind operation) => typeof(AggregateParameters).Assembly.GetType($"Orleans.Cluster.Contracts.{operation}Parameters");

    private static string Default(object? value) => value switch
    {
        null => "none",
        string text => $"`{text}`",
        bool flag => flag ? "`true`" : "`false`",
        IEnumerable => "none",
        Enum word => $"`{word.ToString().ToUpperInvariant()}`",
        _ => $"`{value}`",
    };
}
