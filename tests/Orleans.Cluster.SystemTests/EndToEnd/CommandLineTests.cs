using System.Diagnostics;
using System.Text.Json;
using Orleans.Cluster.SystemTests.Queueing;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>One embedded cluster for the tests of the command line.</summary>
public sealed class CommandLineCluster : EmbeddedCluster
{
    public CommandLineCluster() => Workers = 1;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await File.WriteAllTextAsync(Path.Combine(Folder, "genes.csv"), "gene,count\nTP53,3\nFLT3,4\nTP53,5\n");
        new QueueClient(this).WriteNumbers("slow.csv", 3000);
    }
}

/// <summary>The command line as a process of its own, against a cluster: what it prints and how it ends.</summary>
public sealed class CommandLineTests(CommandLineCluster cluster) : IClassFixture<CommandLineCluster>
{
    [Fact]
    public async Task Submit_WithFlags_FollowsTheJobAndEveryViewOfItIsUnderstood()
    {
        var (submit, submitted, _) = await Run(
            "submit", "aggregate", "--path", "genes.csv", "--group-by", "gene", "--agg", "sum:count:total", "--json");
        var id = JsonDocument.Parse(submitted).RootElement.GetProperty("id").GetString()!;
        await cluster.WaitForEndAsync(id);

        var (_, status, _) = await Run("status", id, "--json");
        var (result, rows, _) = await Run("result", id);
        var (explain, plan, explainFault) = await Run("explain", id);
        var (logs, log, _) = await Run("logs", id);
        var (partitions, tasks, _) = await Run("partitions", id);
        var (resources, offered, _) = await Run("resources");
        var (advise, _, _) = await Run("resources", "--advise");

        Assert.Equal(0, submit);
        Assert.Equal("SUCCEEDED", JsonDocument.Parse(status).RootElement.GetProperty("status").GetString());
        Assert.True(result == 0 && rows.Contains("TP53", StringComparison.Ordinal)
            && rows.Contains('8', StringComparison.Ordinal), rows);
        Assert.True(explain == 0 && plan.Contains("GROUP BY", StringComparison.OrdinalIgnoreCase), plan + explainFault);
        Assert.True(logs == 0 && log.Contains("INFORMATION SUCCEEDED", StringComparison.Ordinal), log);
        Assert.True(partitions == 0 && tasks.Contains("COMMITTED", StringComparison.Ordinal), tasks);
        Assert.True(resources == 0 && offered.Contains("ACTIVE", StringComparison.Ordinal), offered);
        Assert.Equal(0, advise);
    }

    [Fact]
    public async Task Explain_JobThatWasNotSubmitted_ShowsItsStagesAndRunsNothing()
    {
        var before = await NewestJobAsync();

        var (code, plan, fault) = await Run(
            "explain", "aggregate", "--path", "genes.csv", "--group-by", "gene", "--agg", "count");

        Assert.True(code == 0 && plan.Contains("0. ", StringComparison.Ordinal), plan + fault);
        Assert.Equal(before, await NewestJobAsync());
    }

    [Theory]
    [InlineData("--skip must be 0 to 10000. (validation-failed)", "partition", "genes.csv", "--skip", "-1")]
    [InlineData("--rows must be 1 to 1000. (validation-failed)", "head", "genes.csv", "-n", "5000")]
    [InlineData("--limit must be a whole number, 1 to 500. (validation-failed)", "list", "--limit", "0")]
    [InlineData("--on is required: at least one pair of columns. (validation-failed)",
        "submit", "join", "-t", "a=genes.csv", "-t", "b=genes.csv")]
    [InlineData("'lefft' of --how is not known. Did you mean 'LEFT'? (validation-failed)",
        "submit", "join", "-t", "a=genes.csv", "-t", "b=genes.csv", "--on", "gene", "--how", "lefft")]
    [InlineData("--max is required: with --min, the most workers. (validation-failed)", "cluster", "scale", "--min", "2")]
    public async Task Fault_OfTheGateway_NamesTheOption(string expected, params string[] arguments)
    {
        var (code, _, fault) = await Run(arguments);

        Assert.Equal((2, expected), (code, fault.Trim()));
    }

    [Theory]
    [InlineData(1, "submit", "aggregate", "--path", "genes.csv", "--group-by", "gen", "--wait")]
    [InlineData(0, "submit", "sql", "SELECT gene, sum(count) AS n FROM source GROUP BY gene", "--path", "genes.csv", "--wait")]
    [InlineData(2, "submit", "aggregate", "--no-such-flag")]
    [InlineData(2, "submit", "aggregate", "SELECT 1")]
    [InlineData(2, "submit", "filter", "--path", "--where", "count > 3")]
    [InlineData(2, "submit", "--file", "nosuch.json")]
    [InlineData(5, "status", "01JD0000000000000000000001", "--server", "http://127.0.0.1:9")]
    public async Task ExitCode_OfEachKindOfEnd_IsTheDocumentedOne(int expected, params string[] arguments)
    {
        var (code, output, fault) = await Run(arguments);

        Assert.True(code == expected, $"{code}: {output}{fault}");
        Assert.NotEmpty(output + fault);
    }

    [Fact]
    public async Task Watch_CtrlC_LeavesTheJobRunningAndSaysHowToComeBack()
    {
        var id = await SlowJobAsync();
        using var watch = CommandLine.Start(cluster, "watch", id);
        await watch.SaysAsync("RUNNING");

        watch.Interrupt();
        var (code, _, notes) = await watch.EndAsync();

        Assert.Equal(130, code);
        Assert.Contains($"Job {id} goes on. Come back with: watch {id}", notes, StringComparison.Ordinal);
        Assert.Equal("RUNNING", (await cluster.TryStatusAsync(id))!.Value.GetProperty("status").GetString());
        await CancelAsync(id);
    }

    [Fact]
    public async Task SubmitWait_SecondCtrlC_CancelsTheJob()
    {
        await File.WriteAllTextAsync(Path.Combine(cluster.Folder, "job.json"), JsonSerializer.Serialize(SlowJob()));
        using var submit = CommandLine.Start(cluster, "submit", "-f", "job.json", "--wait");
        await submit.SaysAsync("RUNNING");

        submit.Interrupt();
        await submit.SaysAsync("is still running. Ctrl-C again cancels it.");
        var first = (await NewestJobAsync()).Status;
        submit.Interrupt();
        var (code, _, notes) = await submit.EndAsync();

        Assert.Equal("RUNNING", first);
        Assert.True(code == 4, notes);
        Assert.Equal("CANCELLED", (await NewestJobAsync()).Status);
    }

    [Fact]
    public async Task Doctor_ClusterThatIsWell_FindsNothing()
    {
        var (code, said, fault) = await Run("doctor", "--state", cluster.StateFolder, "--json");

        var findings = JsonDocument.Parse(said).RootElement.EnumerateArray().ToDictionary(
            finding => finding.GetProperty("subject").GetString()!, finding => finding.GetProperty("kind").GetString());
        Assert.True(code == 0, said + fault);
        Assert.All(
            (string[])["server", "key", "version", "clock", "storage", "membership", "queue", "workers", "waiting", "executor",
                "program", "state", "data"],
            subject => Assert.True(findings[subject] == "GOOD", said));
    }

    [Fact]
    public async Task Doctor_NoGateway_SaysSoAndWhatToDo()
    {
        var (code, said, _) = await Run(
            "doctor", "--server", "http://127.0.0.1:9", "--state", "/proc/nothing", "--data", "nowhere");

        Assert.Equal(5, code);
        Assert.Contains("Start a cluster with `up`", said, StringComparison.Ordinal);
        Assert.Contains("Name the folder of your files with --data.", said, StringComparison.Ordinal);
        Assert.Contains("program", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oc sub", "submit")]
    [InlineData("oc cluster sc", "scale")]
    [InlineData("oc cluster scale --wo", "--workers")]
    public async Task Completion_InBash_OffersTheWord(string line, string word)
    {
        var script =
            $$"""
            oc() { dotnet "{{CommandLine.Program}}" "$@"; }
            eval "$(oc completion bash --command oc)"
            COMP_LINE="{{line}}" COMP_POINT={{line.Length}} COMP_WORDS=({{line}})
            _orleans_cluster
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;

        var offered = await bash.StandardOutput.ReadToEndAsync();

        Assert.Equal(word, offered.Trim());
    }

    private static Dictionary<string, object?> SlowJob() => QueueClient.Slow("slow.csv");

    private async Task<string> SlowJobAsync()
    {
        var client = new QueueClient(cluster);
        var id = await client.SubmitAsync(SlowJob());
        await client.RunningAsync(id);
        return id;
    }

    private async Task CancelAsync(string id)
    {
        using var answer = await new QueueClient(cluster).CancelAsync(id);
        await cluster.WaitForEndAsync(id);
    }

    private async Task<(string? Id, string? Status)> NewestJobAsync()
    {
        var list = JsonDocument.Parse(await cluster.Http.GetStringAsync("jobs/list?pageSize=1")).RootElement.GetProperty("items");
        return list.EnumerateArray()
            .Select(job => (job.GetProperty("id").GetString(), job.GetProperty("status").GetString())).FirstOrDefault();
    }

    private Task<(int Code, string Output, string Fault)> Run(params string[] arguments) => CommandLine.Run(cluster, arguments);
}
