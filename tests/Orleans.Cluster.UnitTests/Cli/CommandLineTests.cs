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
    [InlineData("up --workers 99", "--workers must be 0 to 32.", "up")]
    [InlineData("up --data /nonexistent-folder", "There is no folder '/nonexistent-folder' for --data.", "up")]
    [InlineData("submit filter --path --where n>3", "--path needs a value.", "submit")]
    [InlineData("submit filter --path", "--path needs a value.", "submit")]
    [InlineData("sql q -t --limit 2", "-t needs a value.", "sql")]
    [InlineData("schema a.csv --null", "--null needs a value.", "schema")]
    [InlineData("schema a.csv --type --null NA", "--type needs a value.", "schema")]
    [InlineData("list --status --limit 1", "--status needs a value.", "list")]
    [InlineData("list --label", "--label needs a value.", "list")]
    [InlineData("list --limit", "--limit needs a value.", "list")]
    [InlineData("list --server", "--server needs a value.", "list")]
    [InlineData("submit convert --path --wher x", "Unknown option '--wher'. Did you mean '--where'?", "submit")]
    [InlineData("submit convert --path a.csv --wait=yes", "--wait takes no value.", "submit")]
    [InlineData("list -- --limit 3", "'--limit' comes after --, where no option is read.", "list")]
    [InlineData("list -z", "Unknown option '-z'.", "list")]
    [InlineData("sql SELECT n FROM t", "Unexpected argument 'n'. Put the query in quotes.", "sql")]
    [InlineData("help nosuch", "Unknown command 'nosuch'.", "")]
    [InlineData("completion fish", "'fish' of <shell> is not one of bash, zsh.", "completion")]
    [InlineData("sql q --priority LOW --priority HIGH", "Give --priority once; it is here 2 times.", "sql")]
    [InlineData("keys create", "--name is required.", "keys create")]
    [InlineData("demo --rows 0", "--rows must be at least 1.", "demo")]
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

    [Theory]
    [InlineData("help list")]
    [InlineData("list --help")]
    public async Task RunAsync_HelpOfACommand_IsTheSameEitherWay(string line)
    {
        var (code, output, _) = await RunAsync(line.Split(' '));

        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("  orleans-cluster list [options]", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", 40)]
    [InlineData("submit --help", 40)]
    [InlineData("sql --help", 80)]
    [InlineData("list --help", 120)]
    public async Task RunAsync_HelpAtAWidth_FitsAndBreaksBetweenWords(string line, int width)
    {
        var whole = (await RunAsync(line.Split(' '))).Output;
        var output = (await RunAsync(line.Split(' '), width)).Output;

        Assert.All(output.Split(Environment.NewLine), shown => Assert.True(shown.Length <= width, shown));
        Assert.Equal(
            whole.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task RunAsync_HelpOfChoices_ListsThemOnce()
    {
        var (_, output, _) = await RunAsync(["keys", "create", "--help"]);

        Assert.Single(output.Split("ADMIN").Skip(1));
    }

    [Fact]
    public async Task RunAsync_FileThatIsNotThere_IsAMistakeInWords()
    {
        var (code, _, notes) = await RunAsync(["submit", "--file", "nosuch.json"]);

        Assert.Equal((ExitCodes.Usage, $"There is no file 'nosuch.json'.{Environment.NewLine}"), (code, notes));
    }

    [Fact]
    public async Task RunAsync_NoCommand_ShowsTheHelpAndIsAMistake()
    {
        var (code, output, notes) = await RunAsync([]);

        Assert.Equal((ExitCodes.Usage, ""), (code, notes));
        Assert.Contains("orleans-cluster [command] [options]", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Notes)> RunAsync(string[] args, int? columns = null)
    {
        using var interrupts = new Interrupts();
        var (output, notes) = (new StringWriter(), new StringWriter());
        var code = await new CliApplication(
            new CliConsole(output, notes, TextReader.Null, isLive: false, columns: columns), interrupts).RunAsync(args);
        return (code, $"{output}", $"{notes}");
    }
}
