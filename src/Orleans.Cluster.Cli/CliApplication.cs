using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Orleans.Cluster.Cli.Arguments;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Shell;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli;

/// <summary>The commands.</summary>
internal sealed class CliApplication(CliConsole console, Interrupts? interrupts = null)
{
    // A word that begins with '@' is a job, not a file of more arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    public async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        // `help` and `help COMMAND` are what somebody types who does not know of --help.
        args = args is ["help", ..] ? [.. args.Skip(1), "--help"] : args;
        var parsed = CreateRoot().Parse(args.Count == 0 ? ["--help"] : args, Parsing);
        var faults = RunsACommand(parsed) ? CommandLineFaults.Of(parsed, args) : CommandLineFaults.OfHelp(parsed);
        if (faults.Count > 0)
        {
            foreach (var fault in faults)
            {
                console.NotesText.WriteLine(fault);
            }

            console.NotesText.WriteLine(CommandLineFaults.SeeHelp(parsed, Session.ToolName));
            return ExitCodes.Usage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = console.Text,
            Error = console.NotesText,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Signals are Interrupts' alone.
        };
        try
        {
            var code = await parsed.InvokeAsync(invocation);
            return args.Count == 0 || (RunsACommand(parsed) && parsed.Errors.Count > 0) ? ExitCodes.Usage : code;
        }
        catch (Exception failure) when (Failures.Knows(failure))
        {
            return Failures.Report(console, failure, parsed);
        }
    }

    private RootCommand CreateRoot()
    {
        var globals = new GlobalOptions();
        var commands = new CommandFactory(console, globals, interrupts);
        var root = new RootCommand("Runs data-processing jobs on an Orleans.Cluster.");
        globals.AddTo(root);
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new ToolHelp((HelpAction)help.Action!, Session.ToolName, () => console.Out.Profile.Width);
        }

        foreach (var command in (IEnumerable<Command>)
        [
            DemoCommand.Create(commands), UpCommand.Create(commands), .. JobCommands.Create(commands),
            ShellCommand.Create(commands), .. DataCommands.Create(commands), .. ClusterCommands.Create(commands),
            .. AccessCommands.Create(commands),
            DoctorCommand.Create(commands), CompletionCommand.Create(commands),
        ])
        {
            root.Add(command);
        }

        return root;
    }

    // Help, version and completion have actions of their own, which need no correct line.
    private static bool RunsACommand(ParseResult parsed) =>
        parsed.Action is null or ParseErrorAction || parsed.Action == parsed.CommandResult.Command.Action;
}
