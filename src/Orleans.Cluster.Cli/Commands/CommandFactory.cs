using System.CommandLine;
using Orleans.Cluster.Cli.Arguments;
using Orleans.Cluster.Cli.Terminal;

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
                    SayWords(option);
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

    /// <summary>A job; <see cref="Session.JobAsync"/> finds it.</summary>
    public static Argument<string> JobArgument() => new("job")
    {
        Description = "Id of the job, its first characters, or @last for the newest",
    };

    public static Option<string?> PageToken() => new("--page-token")
    {
        Description = "Token that the page before ended with", HelpName = "token",
    };

    // The library would show names of .NET, in the place of the value's name.
    private static void SayWords(Option option)
    {
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType.GetElementType() ?? option.ValueType;
        if (type.IsEnum && option.HelpName is null)
        {
            option.HelpName = option.Name.TrimStart('-');
            option.Description += $": {string.Join(", ", CommandLineFaults.Words(type))}";
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<Session, Task<int>> action)
    {
        using var own = interrupts is null ? new Interrupts() : null;
        using var session = new Session(parsed, globals, console, interrupts ?? own!);
        return await action(session);
    }
}
