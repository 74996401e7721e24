using System.CommandLine;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>The one place where an error becomes words and an exit code.</summary>
internal static class Failures
{
    /// <summary>Whether <see cref="Report"/> knows the error; what it does not know is a fault of this program.</summary>
    public static bool Knows(Exception failure) => failure
        is ClusterException or ClusterUnreachableException or UsageException or EmbeddedClusterException or IOException
            or UnauthorizedAccessException
        or OperationCanceledException;

    /// <summary>Says what went wrong, in the options of the command that ran where it is known.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(CliConsole console, Exception failure, ParseResult? parsed = null)
    {
        switch (failure)
        {
            case ClusterException refusal:
                Problems.Write(console, refusal.Problem, parsed);
                return ExitCode(refusal.Code);
            case ClusterUnreachableException outage:
                console.NotesText.WriteLine(outage.Message);
                console.NotesText.WriteLine(
                    "Start a cluster with `up`, or name its gateway with --server or ORLEANS_CLUSTER_SERVER.");
                return ExitCodes.Unreachable;
            case UsageException mistake:
                console.NotesText.WriteLine(mistake.Message);
                return ExitCodes.Usage;
            case OperationCanceledException:
                return ExitCodes.Interrupted;
            default:
                console.NotesText.WriteLine(failure is EmbeddedClusterException ? failure.Message : FileFaults.Of(failure));
                return ExitCodes.Failed;
        }
    }

    private static int ExitCode(ProblemCode code) => code.HttpStatus switch
    {
        400 => ExitCodes.Usage,
        503 => ExitCodes.Unreachable,
        _ => ExitCodes.Failed,
    };
}
