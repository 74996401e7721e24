using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// <c>deploy/reference/FUNCTIONS.md</c> has every function that a query may call, with an example that has been run over the
/// tables of
/// <c>deploy/examples/data</c> and its value. Run this test with ORLEANS_CLUSTER_WRITE_REFERENCE=1 after a change.
/// </summary>
public sealed partial class FunctionsPageTests
{
    private const string Intro =
        """
        # Functions

        Every function that a job may name, with an example over the tables of `deploy/examples/data` and what it gives there. A test runs each; this page
        is made by it.

        ## Functions of aggregate and pivot

        `function` of an aggregate. Those marked with * are for `pivot` too.

        | function | of | gives | example | value |
        | --- | --- | --- | --- | --- |
        """;

    private const string QueryIntro =
        """

        A query, and each expression of another operation, may call the functions below, and the engine's operators. Not among them are functions that
        read files, settings or the clock, that are random, or that change something: a partition that is run again must give the same rows.
        Examples of aggregates and windows are over `data/counts.csv`, for windows the first row in the order of all columns.
        """;

    [Fact]
    public async Task Page_OfFunctions_IsWhatTheyGive()
    {
        var page = Path.Combine(Deploy(), "reference", "FUNCTIONS.md");

        var expected = await Render();

        if (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_WRITE_REFERENCE") == "1")
        {
            await File.WriteAllTextAsync(page, expected);
        }

        Assert.Equal(File.Exists(page) ? await File.ReadAllTextAsync(page) : "", expected);
    }

    [Fact]
    public void Examples_OfFunctions_AreOfAllThatMayBeCalled()
    {
        var examples = Examples();

        Assert.Equal(
            SqlTreeFunctions.All.Order(StringComparer.Ordinal),
            examples.Select(example => example.Name).Order(StringComparer.Ordinal));
        Assert.All(examples, example => Assert.Contains($"{example.Name}(", example.Text, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<string> Render()
    {
        var lines = new List<string> { Intro };
        foreach (var function in AggregateCatalogue.All)
        {
            lines.Add(await AggregateRow(function));
        }

        lines.Add(QueryIntro);
        var meanings = Meanings();
        foreach (var group in Examples().GroupBy(example => example.Group))
        {
            lines.Add($"\n## {group.Key}\n\n| function | meaning | example | value |\n| --- | --- | --- | --- |");
            foreach (var some in group.Chunk(40))
            {
                var values = await Values(group.Key, some);
                lines.AddRange(some.Zip(values, (example, value) =>
                    $"| `{example.Name}` | {Cell(example.Meaning ?? meanings[example.Name])} | {Code(example.Text)} | {value} "
                    + "|"));
            }
        }

        return string.Join('\n', lines) + "\n";
    }

    private static async Task<string> AggregateRow(AggregateNote function)
    {
        var (table, column) = function switch
        {
            { Columns: 2 } => ("wide.csv", "S01,S02"),
            { Operand: AggregateOperand.Booleans } => ("samples.ndjson", "paired"),
            { Name: "first" or "last" or "mode" } => ("counts.csv", "gene"),
            { Name: "string_agg" } => ("wide.csv", "gene"),
            _ => ("counts.csv", "count"),
        };
        var aggregate = new AggregateSpec { Function = function.Name, Column = column, Q = function.Name == "quantile_cont"
            ? 0.9
            : null };
        var parameters = JsonSerializer.SerializeToElement(
            new AggregateParameters { Aggregates = [aggregate] }, WireJson.Options);
        var result = await Run(
            new JobSpec { Operation = OperationKind.Aggregate, Source = Table(table), Parameters = parameters });
        var shown = $$"""{"function":"{{function.Name}}","column":"{{column}}"{{(aggregate.Q is null ? "" : ",\"q\":0.9")}}}""";
        return $"| `{function.Name}`{(function.IsOfPivot ? " *" : "")} | {(function.Columns == 2 ? "two columns, " : "")}"
            + $"{function.Operand.ToString().ToLowerInvariant()} | "
            + $"{function.Meaning} | `{shown}` of `{table}` | {Value(result.GetProperty("rows")[0][0])} |";
    }

    // Many examples make one query; unnest and its like make rows, and are asked alone.
    private static async Task<IReadOnlyList<string>> Values(string group, IReadOnlyList<Example> examples)
    {
        var values = new Dictionary<Example, string>();
        foreach (var together in examples.GroupBy(example => example.Name is "unnest" or "generate_subscripts"
            ? example.Name
            : ""))
        {
            var items = together.Select((example, index) => together.Key.Length > 0
                ? $"{example.Text} AS v{index}"
                : $"CAST({example.Text} AS VARCHAR) AS v{index}");
            var order = group == "Aggregates" ? "" : together.Key.Length > 0 ? " LIMIT 1"
                : " ORDER BY gene, tissue, sample LIMIT 1";
            var extra = order.Contains("ORDER", StringComparison.Ordinal) ? ", gene, tissue, sample" : "";
            var row = (await Query($"SELECT {string.Join(", ", items)}{extra} FROM counts{order}")).GetProperty("rows")[0];
            foreach (var (example, index) in together.Select((example, index) => (example, index)))
            {
                values[example] = Value(row[index]);
            }
        }

        return [.. examples.Select(example => values[example])];
    }

    private static Task<JsonElement> Query(string sql) => Run(new JobSpec
    {
        Operation = OperationKind.Sql, Sources = new Dictionary<string, SourceSpec> { ["counts"] = Table("counts.csv") },
        Parameters = JsonSerializer.SerializeToElement(new { query = sql }),
    });

    private static async Task<JsonElement> Run(JobSpec job)
    {
        using var engine = new EngineHarness();
        return (await engine.Run(job)).Clone();
    }

    // The engine says what most of its functions do; aliases and macros it does not tell.
    private static Dictionary<string, string> Meanings()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT function_name, coalesce('As `' || any_value(alias_of) FILTER (WHERE alias_of <> function_name) || '`.', "
            + "min(description), '') "
            + "FROM duckdb_functions() GROUP BY 1";
        using var reader = command.ExecuteReader();
        var meanings = new Dictionary<string, string>();
        while (reader.Read())
        {
            meanings[reader.GetString(0)] = reader.GetString(1);
        }

        return meanings;
    }

    private static List<Example> Examples([CallerFilePath] string here = "")
    {
        var examples = new List<Example>();
        var group = "";
        foreach (var line in File.ReadAllLines(Path.Combine(Path.GetDirectoryName(here)!, "function-examples.txt")))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                group = line[2..];
                continue;
            }

            var parts = line.Split('\t');
            examples.Add(new Example(group, parts[0], parts[1], parts.ElementAtOrDefault(2)));
        }

        return examples;
    }

    private static SourceSpec Table(string name) => new()
    {
        Path = [Path.GetFullPath(Path.Combine(Deploy(), "examples", "data", name))],
    };

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "NULL",
        JsonValueKind.String => Code(Rounded(value.GetString()!)),
        _ => Code(Rounded(value.GetRawText())),
    };

    // The last digits of a logarithm are the machine's own.
    private static string Rounded(string text)
    {
        var rounded = LongFraction()
            .Replace(text,
                match => double.Parse(match.Value, CultureInfo.InvariantCulture)
                .ToString("0.######", CultureInfo.InvariantCulture));
        return rounded.Length <= 80 ? rounded : $"{rounded[..77]}...";
    }

    private static string Code(string text)
    {
        var shown = Cell(text);
        return shown.Length == 0 ? "" : shown.Contains('`', StringComparison.Ordinal) ? $"`` {shown} ``" : $"`{shown}`";
    }

    private static string Cell(string text) =>
        Blanks().Replace(text.Replace("\0", "", StringComparison.Ordinal), " ")
        .Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private static string Deploy([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy");

    [GeneratedRegex(@"\d+\.\d{7,}(e-?\d+)?")]
    private static partial Regex LongFraction();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    private sealed record Example(string Group, string Name, string Text, string? Meaning);
}
