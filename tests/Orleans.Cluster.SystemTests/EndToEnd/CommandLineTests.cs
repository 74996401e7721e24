using System.Diagnostics;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>The command line as a process of its own, against a cluster: what it prints and how it ends.</summary>
public sealed class CommandLineTests : IAsyncLifetime
{
    private readonly EmbeddedCluster cluster = new() { Workers = 1 };

    public async ValueTask InitializeAsync()
    {
        await cluster.InitializeAsync();
        await File.WriteAllTextAsync(Path.Combine(cluster.Folder, "genes.csv"), "gene,count\nTP53,3\nFLT3,4\nTP53,5\n");
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

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
        Assert.True(result == 0 && rows.Contains("TP53", StringComparison.Ordinal) && rows.Contains('8', StringComparison.Ordinal), rows);
        Assert.True(explain == 0 && plan.Contains("GROUP BY", StringComparison.OrdinalIgnoreCase), plan + explainFault);
        Assert.True(logs == 0 && log.Contains("INFORMATION SUCCEEDED", StringComparison.Ordinal), log);
        Assert.True(partitions == 0 && tasks.Contains("COMMITTED", StringComparison.Ordinal), tasks);
        Assert.True(resources == 0 && offered.Contains("ACTIVE", StringComparison.Ordinal), offered);
        Assert.Equal(0, advise);
    }

    [Fact]
    public async Task Explain_JobThatWasNotSubmitted_ShowsItsStagesAndRunsNothing()
    {
        var (code, plan, fault) = await Run("explain", "aggregate", "--path", "genes.csv", "--group-by", "gene", "--agg", "count");

        Assert.True(code == 0 && plan.Contains("0. ", StringComparison.Ordinal), plan + fault);
        var jobs = await cluster.Http.GetStringAsync("jobs/list");
        Assert.Equal(0, JsonDocument.Parse(jobs).RootElement.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData(1, "submit", "aggregate", "--path", "genes.csv", "--group-by", "gen", "--wait")]
    [InlineData(2, "submit", "aggregate", "--no-such-flag")]
    [InlineData(5, "status", "01JD0000000000000000000001", "--server", "http://127.0.0.1:9")]
    public async Task ExitCode_OfEachKindOfEnd_IsTheDocumentedOne(int expected, params string[] arguments)
    {
        var (code, output, fault) = await Run(arguments);

        Assert.True(code == expected, $"{code}: {output}{fault}");
        Assert.NotEmpty(output + fault);
    }

    private async Task<(int Code, string Output, string Fault)> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = cluster.Folder };
        start.ArgumentList.Add(EmbeddedCluster.Program("Orleans.Cluster.Cli"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ORLEANS_CLUSTER_SERVER"] = cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var fault = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await fault);
    }
}
