using System.CommandLine;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Makes commands whose action gets a <see cref="Session"/>, and the arguments that several share.</summary>
internal sealed class CommandFactory(CliConsole console, GlobalOptions globals, Interrupts? interrupts)
{
    /// <summary>A command with its arguments and options.</summary>
    public Command Create(string name, string description, IEnumerable<Symbol> symbols, Func<Session, Task<int>> action)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    command.Add(argument);
                    break;
                case Option option:
                    command.Add(option);
                    break;
                case Command child:
                    command.Add(child);
                    break;
            }
        }

        command.SetAction((parsed, _) => RunAsync(parsed, action));
        return command;
    }

    /// <summary>A command that only groups others; alone it shows its help.</summary>
    public static Command Group(string name, string description, params IEnumerable<Command> children)
    {
        var command = new Command(name, description);
        foreach (var child in children)
        {
            command.Add(child);
        }

        return command;
    }

    public static Argument<JobId> JobArgument() => new("job")
    {
        Description = "Id of the job",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (JobId.TryParse(text, null, out var id))
            {
                return id;
            }

            result.AddError($"'{text}' is not a job id (26 characters, 0-9 and A-Z).");
            return default;
        },
    };

    public static Option<string?> PageToken() => new("--page-token") { Description = "Token that the page before ended with", HelpName = "token" };

    private async Task<int> RunAsync(ParseResult parsed, Func<Session, Task<int>> action)
    {
        using var own = interrupts is null ? new Interrupts() : null;
        using var session = new Session(parsed, globals, console, interrupts ?? own!);
        return await action(session);
    }
}
