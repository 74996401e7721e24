using Orleans.Cluster.Cli;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.UnitTests.Cli;

/// <summary>Mistakes on a command line: none reaches a cluster, and each is told in a line.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("up --workes 2", "Unknown option '--workes'. Did you mean '--workers'?", "up")]
    [InlineData("up --verbose", "Unknown option '--verbose'.", "up")]
    [InlineData("submit --were n>3", "Unknown option '--were'. Did you mean '--where'?", "submit")]
    [InlineData("submit aggregate --path a.csv --grup-by gene", "Unknown option '--grup-by'. Did you mean '--group-by'?",
        "submit")]
    [InlineData("list --limt=3", "Unknown option '--limt'. Did you mean '--limit'?", "list")]
    [InlineData("sql q --jsno", "Unknown option '--jsno'. Did you mean '--json'?", "sql")]
    [InlineData("keys creat", "Unknown command 'creat'. Did you mean 'create'?", "keys")]
    [InlineData("sumbit x", "Unknown command 'sumbit'. Did you mean 'submit'?", "")]
    [InlineData("keys", "Name a command: list, create, revoke.", "keys")]
    [InlineData("status", "Missing: <job>.", "status")]
    [InlineData("status a b", "Unexpected argument 'b'.", "status")]
    [InlineData("list --limit x", "'x' of --limit is not a whole number.", "list")]
    [InlineData("list --priority HIHG", "'HIHG' of --priority is not one of LOW, NORMAL, HIGH, CRITICAL.", "list")]
    [InlineData("list --created-after soon", "'soon' of --created-after is not a time such as 2026-01-31T12:00:00Z.", "list")]
    [InlineData("up --workers four", "'four' of --workers is not a whole number.", "up")]
    [InlineData("demo --rows many", "'many' of --rows is not a whole number.", "demo")]
    [InlineData("sumbit --help", "Unknown command 'sumbit'. Did you mean 'submit'?", "")]
    [InlineData("keys creat --help", "Unknown command 'creat'. Did you mean 'create'?", "keys")]
    [InlineData("up --workers 99", "--workers is 0 to 32.", "up")]
    [InlineData("up --data /nonexistent-folder", "There is no folder '/nonexistent-folder' for --data.", "up")]
    public async Task RunAsync_Mistake_IsOneLineAndWhereTheHelpIs(string line, string fault, string command)
    {
        var (code, output, notes) = await RunAsync(line.Split(' '));

        var help = command.Length == 0 ? "See: orleans-cluster --help" : $"See: orleans-cluster {command} --help";
        Assert.Equal((ExitCodes.Usage, "", $"{fault}{Environment.NewLine}{help}{Environment.NewLine}"), (code, output, notes));
    }

    [Fact]
    public async Task RunAsync_Help_HasTheToolsNameExamplesAndWords()
    {
        var (code, output, _) = await RunAsync(["list", "--help"]);

        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("  orleans-cluster list [options]", output, StringComparison.Ordinal);
        Assert.Contains("--priority <priority>", output, StringComparison.Ordinal);
        Assert.Contains("LOW, NORMAL, HIGH, CRITICAL", output, StringComparison.Ordinal);
        Assert.Contains("  orleans-cluster list --status RUNNING", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NoCommand_ShowsTheHelpAndIsAMistake()
    {
        var (code, output, notes) = await RunAsync([]);

        Assert.Equal((ExitCodes.Usage, ""), (code, notes));
        Assert.Contains("orleans-cluster [command] [options]", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Notes)> RunAsync(string[] args)
    {
        using var interrupts = new Interrupts();
        var (output, notes) = (new StringWriter(), new StringWriter());
        var code = await new CliApplication(
            new CliConsole(output, notes, TextReader.Null, isLive: false), interrupts).RunAsync(args);
        return (code, $"{output}", $"{notes}");
    }
}
