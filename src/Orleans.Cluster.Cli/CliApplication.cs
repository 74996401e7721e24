using System.CommandLine;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli;

/// <summary>The commands, and the one place where an error becomes words and an exit code.</summary>
internal sealed class CliApplication(CliConsole console, Interrupts? interrupts = null)
{
    public async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var parsed = CreateRoot().Parse(args);
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
            return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
        }
        catch (ClusterException refusal)
        {
            Problems.Write(console, refusal.Problem);
            return ExitCode(refusal.Code);
        }
        catch (ClusterUnreachableException outage)
        {
            console.NotesText.WriteLine(outage.Message);
            console.NotesText.WriteLine("Start a cluster with `up`, or name its gateway with --server or ORLEANS_CLUSTER_SERVER.");
            return ExitCodes.Unreachable;
        }
        catch (UsageException mistake)
        {
            console.NotesText.WriteLine(mistake.Message);
            return ExitCodes.Usage;
        }
        catch (Exception failure) when (failure is EmbeddedClusterException or IOException or UnauthorizedAccessException)
        {
            console.NotesText.WriteLine(failure.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private RootCommand CreateRoot()
    {
        var globals = new GlobalOptions();
        var commands = new CommandFactory(console, globals, interrupts);
        var root = new RootCommand("Runs data-processing jobs on an Orleans.Cluster.");
        globals.AddTo(root);
        foreach (var command in (IEnumerable<Command>)
        [
            DemoCommand.Create(commands), UpCommand.Create(commands), .. JobCommands.Create(commands),
            .. DataCommands.Create(commands), .. ClusterCommands.Create(commands),
            .. AccessCommands.Create(commands),
            DoctorCommand.Create(commands), CompletionCommand.Create(commands),
        ])
        {
            root.Add(command);
        }

        return root;
    }

    private static int ExitCode(ProblemCode code) => code.HttpStatus switch
    {
        400 => ExitCodes.Usage,
        503 => ExitCodes.Unreachable,
        _ => ExitCodes.Failed,
    };
}
