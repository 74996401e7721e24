using System.CommandLine;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class SourceFlagsTests
{
    [Fact]
    public void Apply_EveryOption_BecomesTheSourceOfAJob()
    {
        var job = Apply(
            ["a.csv", "b.csv"],
            "--format", "csv", "--delimiter", @"\t", "--no-header", "--null", "NA", "--null", ".", "--encoding", "latin-1",
            "--comment", "#",
            "--quote", "", "--type", "count=BIGINT", "--type", "a=b=DECIMAL(18,3)", "--skip", "2",
            "--union", "by_name", "--header-lines", "2", "--escape", @"\", "--decimal", ",", "--compression", "gzip",
            "--hive-partitioning", "false", "--unknown-keys", "ignore");

        AssertJson(
            """
            {"source":{"path":["a.csv","b.csv"],"format":"CSV","options":{"delimiter":"\t","header":false,"nullValues":["NA","."],
             "encoding":"latin-1","comment":"#","quote":"","skipLines":2,"headerLines":2,"escape":"\\","decimal":",",
             "compression":"GZIP","hivePartitioning":false,"unknownKeys":"IGNORE","union":"BY_NAME",
             "columns":{"count":"BIGINT","a=b":"DECIMAL(18,3)"}}}}
            """,
            job);
    }

    [Fact]
    public void Apply_NamedInputs_ShareTheOptions()
    {
        var job = Apply([], "--source", "a=x.csv", "-t", "a=y.csv", "--table", "b=tissue=A/p.csv", "--null", "NA");

        AssertJson(
            """
            {"sources":{"a":{"path":["x.csv","y.csv"],"options":{"nullValues":["NA"]}},"b":{"path":["tissue=A/p.csv"],"options":{"nullValues":["NA"]}}}}
            """,
            job);
    }

    [Fact]
    public void Apply_OnePathWithoutAName_IsTheSource()
    {
        AssertJson("""{"source":{"path":["x/tissue=A/p.csv"]}}""", Apply([], "-t", "x/tissue=A/p.csv"));
        AssertJson("{}", Apply([]));
    }

    [Theory]
    [InlineData("--header --no-header", "--header and --no-header contradict each other.")]
    [InlineData("--type count", "'count' of --type is not of the form column=type, for example count=BIGINT.")]
    [InlineData("--type count=BIGINT --type Count=DOUBLE", "--type names the column 'Count' twice.")]
    [InlineData("-t t=", "'t=' of --source has no path. Write --source t=PATH.")]
    [InlineData("-t x", "'x' of --source has no path. Write --source x=PATH.")]
    [InlineData("-t 1-t=a.csv",
        "'1-t' of --source is not a name: letters, digits and _ alone. Write --source NAME=PATH; for a file of that name write "
            + "./1-t=a.csv.")]
    [InlineData("-t a=b.csv -t c.csv", "Give every input a name, as in --source t=c.csv, or none.")]
    public void Apply_Contradiction_IsTold(string options, string message)
    {
        // Options are looked at for a source; one without a name would meet the named ones.
        string[] paths = options.StartsWith("-t", StringComparison.Ordinal) ? [] : ["x.csv"];
        var mistake = Assert.Throws<UsageException>(() => Apply(paths, options.Split(' ')));

        Assert.Equal(message, mistake.Message);
    }

    private static JsonObject Apply(string[] paths, params string[] options)
    {
        var flags = new SourceFlags();
        var command = new Command("read");
        foreach (var option in flags.Symbols.OfType<Option>())
        {
            command.Add(option);
        }

        var job = new JsonObject();
        flags.Apply(job, command.Parse(options), paths);
        return job;
    }

    private static void AssertJson(string expected, JsonObject actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString());
}
