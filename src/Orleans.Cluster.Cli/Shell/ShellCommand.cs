using System.CommandLine;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Commands;

namespace Orleans.Cluster.Cli.Shell;

/// <summary>The interactive SQL shell.</summary>
internal static class ShellCommand
{
    private const int RowsOnScreen = 50;

    public static Command Create(CommandFactory commands)
    {
        var source = new SourceFlags();
        var limit = new Option<int>("--limit")
        {
            Description = "Rows to show of each result", DefaultValueFactory = _ => RowsOnScreen,
        };
        return commands.Create(
            "shell", "Type SQL over files, statement by statement, with history and completion", [.. source.Symbols, limit],
            session =>
        {
            var job = new JsonObject();
            source.Apply(job, session.Parsed, []);
            return new SqlShell(session, job, session.Parsed.GetValue(limit)).RunAsync();
        });
    }
}
