using System.CommandLine;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>
/// Scripts that let a shell complete commands and options. The program itself knows the words: the shell asks it at each Tab.
/// </summary>
internal static class CompletionCommand
{
    // What is left of the cursor without the program's own name goes to the program, which answers with one word a line: each
    // that has what was typed anywhere in it. The shell keeps those that begin with it.
    private const string Bash =
        """
        _orleans_cluster() {
            local left=${COMP_LINE:0:COMP_POINT}
            local rest=${left#*[[:space:]]}
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#rest}]" "$rest" 2>/dev/null)" -- "${left##*[[:space:]]}"))
        }
        complete -o default -F _orleans_cluster NAME
        """;

    private const string Zsh =
        """
        _orleans_cluster() {
            local left=${BUFFER[1,CURSOR]}
            local rest=${left#*[[:space:]]}
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${#rest}]" "$rest" 2>/dev/null)}")
            [[ -n ${found[1]} ]] && compadd -a found || _files
        }
        compdef _orleans_cluster NAME
        """;

    public static Command Create(CommandFactory commands)
    {
        var shell = new Argument<string>("shell") { Description = "bash or zsh" };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var name = new Option<string>("--command")
        {
            Description = "Name by which you call this program", HelpName = "name", DefaultValueFactory = _ => "orleans-cluster",
        };
        return commands.Create(
            "completion", "Print a script for your shell: eval \"$(orleans-cluster completion bash)\"", [shell, name],
            session =>
            {
                var script = session.Parsed.GetValue(shell) == "zsh" ? Zsh : Bash;
                session.Console.Text.WriteLine(script.Replace("NAME", session.Parsed.GetValue(name), StringComparison.Ordinal));
                return Task.FromResult(ExitCodes.Done);
            });
    }
}
