using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.Cli;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Whatever the gateway offers, the command line can ask for.</summary>
[Collection("gateway")]
public sealed class CommandReachTests(Gateway.GatewayCluster gateway)
{
    /// <summary>
    /// For each operation of the reference its command, how that ends, and a word that it prints. J is an ended job, B one with a
    /// bad row.
    /// </summary>
    public static readonly Dictionary<string, (string Command, int Code, string Word)> Commands = new()
    {
        ["SubmitJob"] = ("submit aggregate --path genes.csv --group-by gene --agg sum:n --json", 0, "\"QUEUED\""),
        ["ListJobs"] = ("list --limit 5 --operation aggregate --created-after 2020-01-01T00:00:00Z", 0, "SUCCEEDED"),
        ["GetStatus"] = ("status J", 0, "SUCCEEDED"),
        ["CancelJob"] = ("cancel J", 1, "job-already-terminal"),
        ["RetryJob"] = ("retry J", 1, "job-already-terminal"),
        ["GetResult"] = ("result J --limit 2", 0, "g1"),
        ["ListResultParts"] = ("download J --list", 0, "0  10 rows"),
        ["GetResultPart"] = ("download J --part 0 --format arrow --out /dev/null", 0, "/dev/null"),
        ["GetQuarantine"] = ("quarantine B", 0, "three"),
        ["ListPartitions"] = ("partitions J", 0, "COMMITTED"),
        ["GetPlan"] = ("explain J", 0, "0. result"),
        ["GetLog"] = ("logs J", 0, "INFORMATION SUCCEEDED"),
        ["ListCallbacks"] = ("callbacks J", 0, "Tries"),
        ["GetEvents"] = ("events J", 0, "phase  SUCCEEDED"),
        ["GetClusterEvents"] = ("events --help", 0, "the whole cluster when absent"),
        ["GetQueueStatus"] = ("queue", 0, "slots busy"),
        ["PartitionData"] = ("partition genes.csv", 0, "gene VARCHAR"),
        ["GetResources"] = ("resources", 0, "ACTIVE"),
        ["GetRecommendations"] = ("recommendations", 0, "."),
        ["ListKeys"] = ("keys list", 0, "Revoked"),
        ["CreateKey"] = ("keys create --name reach --role VIEWER", 0, "oc_"),
        ["RevokeKey"] = ("keys revoke oc_nothing", 1, "not-found"),
        ["ListAudit"] = ("audit list --limit 5", 0, "job."),
        ["VerifyAudit"] = ("audit verify", 0, "intact"),
        ["GetClusterStatus"] = ("cluster status", 0, "ACTIVE"),
        ["ListScalingDecisions"] = ("cluster decisions", 0, "Reason"),
        ["StartCluster"] = ("cluster start", 0, "of 1 workers"),
        ["ScaleCluster"] = ("cluster scale --workers 1", 0, "of 1 workers"),
        ["StopCluster"] = ("cluster stop --help", 0, "--now"),
        ["GetClusterMetrics"] = ("metrics --step 60", 0, "windows of 60 s"),
        ["GetJob"] = ("spec J", 0, "\"operation\": \"aggregate\""),
        ["GetStory"] = ("story J", 0, "succeeded after"),
        ["GetProfile"] = ("profile J", 0, "partition measured"),
        ["GetJobTimeline"] = ("timeline J", 0, "===="),
        ["GetTimeline"] = ("timeline", 0, "= committed"),
        ["SummarizePartitions"] = ("partitions J --summary", 0, "committed"),
        ["BrowseData"] = ("browse .", 0, "genes.csv"),
        ["PreviewData"] = ("head genes.csv -n 2", 0, "g1"),
        ["DrainWorker"] = ("cluster drain nobody", 1, "nobody"),
        ["GetHealth"] = ("health", 0, "HEALTHY"),
        ["GetLive"] = ("health", 0, "UP"),
        ["GetReady"] = ("health --ready", 0, ""),
        // Last: it takes the job away.
        ["DeleteJob"] = ("delete J", 0, ""),
    };

    /// <summary>What browsers alone ask for.</summary>
    public static readonly string[] WithoutCommand = ["CloseSession", "GetSession", "OpenSession"];

    [Fact]
    public async Task Commands_OfTheReference_AllReachTheGateway()
    {
        gateway.Write("bad.csv", "n\n1\nthree\n");
        var done = await gateway.SucceededAsync(Gateway.GatewayCluster.Sums());
        var bad = await gateway.SucceededAsync(new
        {
            operation = "filter", source = new { path = "bad.csv", options = new { columns = new { n = "BIGINT" } } },
            parameters = new { where = "n > 0" }, onBadRow = "QUARANTINE",
        });
        var document = await gateway.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()
                .Select(method => method.Value.GetProperty("operationId").GetString()!));

        Assert.Equal(operations.Order(), Commands.Keys.Concat(WithoutCommand).Order());
        foreach (var (operation, (command, expected, word)) in Commands)
        {
            var (code, said) = await RunAsync(
                [.. command.Split(' ').Select(part => part == "J" ? done : part == "B" ? bad : part)]);
            Assert.True(code == expected
                && said.Contains(word, StringComparison.Ordinal), $"{operation}: `{command}` ended with {code} and said: {said}");
        }
    }

    [Fact]
    public async Task Sql_OverNamedTables_PrintsTheRowsOfTheAnswer()
    {
        var (code, said) = await RunAsync(
            ["sql", "SELECT g.gene, count(*) AS c FROM g JOIN h USING (n) GROUP BY g.gene ORDER BY g.gene", "-t", "g=genes.csv",
                "-t", "h=genes.csv", "--json"]);

        var rows = JsonDocument.Parse(said[said.IndexOf('{', StringComparison.Ordinal)..]).RootElement;
        Assert.Equal(0, code);
        Assert.Equal(
            (10, "g0", 100),
            (rows.GetProperty("totalRows").GetInt32(), rows.GetProperty("rows")[0][0].GetString(),
                rows.GetProperty("rows")[0][1].GetInt32()));
    }

    // In this process: what is tested is what a command asks for, and thirty starts of a program would cost a minute.
    private async Task<(int Code, string Said)> RunAsync(string[] arguments)
    {
        using var interrupts = new Interrupts();
        var (output, notes) = (new StringWriter(), new StringWriter());
        var console = new CliConsole(output, notes, TextReader.Null, isLive: false);
        var code = await new CliApplication(console, interrupts).RunAsync(
            [.. arguments, "--server", gateway.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)]);
        return (code, $"{notes}{output}");
    }
}
