using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Every operation over columns that bear the names which the product gives to columns, tables and parameters of its own
/// statements: the rows are those of the same columns under plain names.
/// </summary>
public sealed class OwnNamesTests : IDisposable
{
    private const int Columns = 4;

    private static readonly string[] Ours =
    [
        "x0", "y0", "x1", "a", "b", "t", "n", "r", "q", "i", "c0", "c1", "v", "m", "s", "f", "h", "l", "u", "w", "g", "k",
        "_sort", "_range", "_borders",
        "_x1_v", "_x1_a0", "_x1_0", "_a0", "_a1", "_o0", "_one", "_position", "_step", "_round", "_count", "_first", "_last",
        "key", "value", "line", "number",
        "json", "keys", "fault", "times", "part", "target", "source", "filename", "file_row_number", "__file", "__value0",
        "__path", "__rows", "__first",
        "__count", "__none", "__sorted", "__record", "__number", "__text", "__cells", "rowid", "range", "unnest",
    ];

    private static readonly string[] Operations =
    [
        """Aggregate {"groupBy":["K"],"aggregates":[{"function":"stddev_samp","column":"D","as":"o1"},{"function":"covar_samp","column":"D,V","as":"o2"},{"function":"count distinct","column":"V","as":"o3"},{"function":"median","column":"V","as":"o4"},{"function":"first","column":"G","as":"o5"},{"function":"string_agg","column":"G","distinct":true,"as":"o6"}],"orderBy":[{"column":"K"}]}""",
        """Aggregate {"aggregates":[{"function":"var_pop","column":"D","as":"o1"},{"function":"mode","column":"G","as":"o2"},{"function":"last","column":"V","as":"o3"}]}""",
        """Filter {"where":"\"V\" > 3 AND \"K\" <> 'k1'"}""",
        """Select {"columns":["G","K",{"expression":"\"V\" + length(\"K\")","as":"o1"}]}""",
        """Convert {}""",
        """Distinct {"columns":["K","G"]}""",
        """Sort {"by":[{"column":"G","descending":true},{"column":"D"},{"column":"V"},{"column":"K"}]}""",
        """Sort {"by":[{"column":"V"},{"column":"K"},{"column":"D"},{"column":"G"}],"limit":9}""",
        """Join {"left":"source","right":"other","on":[{"left":"K","right":"K"},{"left":"V","right":"V"}],"how":"FULL","columns":["K","V","G","D_right"]}""",
        """Melt {"id":["K"],"columns":["V","D"],"nameColumn":"o1","valueColumn":"o2"}""",
        """Pivot {"index":["K"],"key":"G","value":"V","function":"sum"}""",
        """Sample {"rows":20,"seed":7}""",
        """Profile {}""",
        """Profile {"exact":true}""",
        """Sql {"query":"SELECT \"K\", \"G\", count(*) AS o1, stddev_samp(\"D\") AS o2, list_transform(list(\"V\" ORDER BY \"V\"), lambda x: x + 1) AS o3 FROM source GROUP BY \"K\", \"G\" HAVING count(*) > (SELECT min(\"V\") FROM source i WHERE i.\"K\" = source.\"K\") - 9 ORDER BY \"K\", \"G\" LIMIT 7"}""",
        """Sql {"query":"SELECT o.\"K\", o.\"V\", row_number() OVER (PARTITION BY o.\"G\" ORDER BY o.\"V\", o.\"K\", o.\"D\") AS o1, (SELECT max(i.\"D\") FROM source i WHERE i.\"G\" = o.\"G\" AND i.\"V\" < o.\"V\") AS o2, MAP {'z': o.\"V\"} AS o3 FROM source o WHERE o.\"K\" IN (SELECT \"K\" FROM source WHERE \"V\" > 2) ORDER BY ALL"}""",
    ];

    private static readonly string[] Plain = ["pk", "pg", "pv", "pd"];

    private static readonly PlanLimits Tiny = new()
    {
        GatherBytes = 64, BroadcastBytes = 64, DirectBytes = 16, TargetBytes = 512,
    };

    private readonly EngineHarness harness = new() { CoalesceBytes = 1 };
    private readonly SingleEngine single = new();

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Operations.Length)];

    public void Dispose()
    {
        harness.Dispose();
        single.Dispose();
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public Task Run_ColumnsNamedAsOurOwn_GiveTheSameRows(int operation) => Check(operation, operation, 1);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Numbers))]
    public Task Run_ColumnsOfEachName_GiveTheSameRows(int operation) => Check(operation, 0, Ours.Length);

    // A source may have the name of a table of the product's statements.
    [Fact]
    public async Task Run_SourcesNamedAsOurOwn_GiveTheSameRows()
    {
        string[] names = ["t", "r", "s", "d", "b", "f", "l", "g", "i", "k", "c", "q", "h", "cells", "keys", "rows", "main",
            "temp", "range", "unnest", "Source"];
        for (var operation = 0; operation < Operations.Length; operation += 4)
        {
            var wanted = await Rows(operation, SourceFormat.Parquet, Plain);
            var name = names[operation * 5 % names.Length];
            var found = await Rows(operation, SourceFormat.Parquet, Plain, name);
            Assert.True(wanted == found, $"Source {name}, {Operations[operation]}: {found}\nand not {wanted}");
        }
    }

    [Theory]
    [InlineData("a,__OC_x0\n1,2\n", """{"query":"SELECT * FROM source"}""", "Source source has a column __OC_x0")]
    [InlineData("a,__target\n1,2\n", """{"query":"SELECT a FROM source"}""", "Source source has a column __target")]
    [InlineData("a,b\n1,2\n", """{"query":"SELECT a AS __oc_a0 FROM source"}""", "The job names __oc_a0")]
    public async Task Plan_NameThatIsTheProductsOwn_IsRefused(string csv, string parameters, string reason)
    {
        var spec = new JobSpec
        {
            Operation = OperationKind.Sql, Parameters = JsonDocument.Parse(parameters).RootElement,
            Source = new SourceSpec { Path = [harness.Write("taken.csv", csv)], Options = new SourceOptions { Header = true } },
        };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));

        Assert.Equal("query-invalid", refused.Problem.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    private async Task Check(int operation, int first, int rounds)
    {
        var wanted = new Dictionary<SourceFormat, string>();
        for (var round = first; round < first + rounds; round++)
        {
            var format = (SourceFormat[])[SourceFormat.Parquet, SourceFormat.Csv, SourceFormat.Ndjson];
            var names = Enumerable.Range(0, Columns).Select(index => Ours[((round * 7) + (index * 17)) % Ours.Length]).ToArray();
            wanted.TryAdd(format[round % 3], await Rows(operation, format[round % 3], Plain));
            var found = await Rows(operation, format[round % 3], names);
            Assert.True(wanted[format[round % 3]] == found,
                $"{format[round % 3]}, columns {string.Join(", ", names)}: {found}\nand not {wanted[format[round % 3]]}");
        }
    }

    // Rows of the operation; names of columns that became values are the plain ones again.
    private async Task<string> Rows(int operation, SourceFormat format, string[] names, string source = "source")
    {
        var (word, parameters) = (Operations[operation].Split(' ', 2)[0], Operations[operation].Split(' ', 2)[1]);
        foreach (var (placeholder, name) in new[] { "K", "G", "V", "D" }.Zip(names))
        {
            parameters = parameters.Replace($"\"{placeholder}\"", $"\"{name}\"", StringComparison.Ordinal)
                .Replace($"\"{placeholder}\\\"", $"\"{name}\\\"", StringComparison.Ordinal)
                .Replace($"\"{placeholder}_right\"", $"\"{name}_right\"", StringComparison.Ordinal);
        }

        parameters = parameters.Replace("\"D,V\"", $"\"{names[3]},{names[2]}\"", StringComparison.Ordinal);
        var kind = Enum.Parse<OperationKind>(word);
        parameters = parameters.Replace("FROM source ", $"FROM \\\"{source}\\\" ", StringComparison.Ordinal)
            .Replace("FROM source\"", $"FROM \\\"{source}\\\"\"", StringComparison.Ordinal)
            .Replace("= source.", $"= \\\"{source}\\\".", StringComparison.Ordinal)
            .Replace("\"source\"", $"\"{source}\"", StringComparison.Ordinal);
        var sources = new Dictionary<string, SourceSpec> { [source] = Source(format, names, 90) };
        if (kind == OperationKind.Join)
        {
            sources["other"] = Source(format, names, 25);
        }

        var spec = new JobSpec
        {
            Operation = kind, Parameters = JsonDocument.Parse(parameters).RootElement,
            Partitioning = new PartitioningSpec { MinPartitions = 3 },
            Sources = sources,
        };
        var result = await harness.Run(await harness.Plan(spec, Tiny), spec);
        var rows = EngineHarness.Rows(result).Select(row => names.Zip(Plain)
            .Aggregate(row, (text, pair) => text.Replace($"\"{pair.First}\"", $"\"{pair.Second}\"", StringComparison.Ordinal)));
        return string.Join('\n', kind is OperationKind.Sort or OperationKind.Sql ? rows : rows.Order(StringComparer.Ordinal));
    }

    private SourceSpec Source(SourceFormat format, string[] names, int rows)
    {
        var path = Path.Combine(
            harness.Folder, string.Create(CultureInfo.InvariantCulture, $"{string.Join('-', names)}-{rows}.{format}"));
        var form = format switch { SourceFormat.Csv => "csv, HEADER", SourceFormat.Ndjson => "json",
            _ => "parquet, ROW_GROUP_SIZE 2048" };
        single.Execute(
            $"COPY (SELECT 'k' || i * i % 7 AS {SqlText.Name(names[0])}, 'g' || i % 5 AS {SqlText.Name(names[1])}, i * 3 % 11 AS "
            + $"{SqlText.Name(names[2])}, "
            + $"i % 13 / 4.0 AS {SqlText.Name(names[3])} FROM range({rows}) t(i)) TO '{path}' (FORMAT {form})");
        return new SourceSpec
        {
            Path = [path], Format = format, Options = new SourceOptions { Header = format == SourceFormat.Csv ? true : null },
        };
    }
}
