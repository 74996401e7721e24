using System.CommandLine;
using Orleans.Cluster.Cli.Doctor;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Looks for what is wrong, and says what to do about it.</summary>
internal static class DoctorCommand
{
    // What was found begins behind its kind and its subject.
    private const int WordsHang = 8 + 1 + 11 + 1;

    public static Command Create(CommandFactory commands)
    {
        var state = new Option<string>("--state")
        {
            Description =
                "Folder of an embedded cluster's state", HelpName = "path", DefaultValueFactory = _ => ".orleans-cluster",
        };
        var data = new Option<string>("--data")
        {
            Description = "Folder whose files jobs may read; default the working directory", HelpName = "path",
            DefaultValueFactory = _ => ".",
        };
        return commands.Create(
            "doctor", "Look for what is wrong with the cluster and this machine, and say what to do", [state, data],
            async session =>
        {
            var machine = new MachineExamination(
                Path.GetFullPath(session.Parsed.GetValue(state)!), Path.GetFullPath(session.Parsed.GetValue(data)!),
                Path.Combine(AppContext.BaseDirectory, "silo"));
            return await RunAsync(session, machine);
        });
    }

    private static async Task<int> RunAsync(Session session, MachineExamination machine)
    {
        var findings = new List<Finding>();
        void Show(Finding finding)
        {
            findings.Add(finding);
            if (!session.Json)
            {
                Write(session.Console.Prose, finding);
            }
        }

        var reached = true;
        try
        {
            var cluster = new ClusterExamination(session.Cluster, session.Jobs, session.Server, TimeProvider.System);
            await foreach (var finding in cluster.RunAsync(session.Cancellation))
            {
                Show(finding);
            }
        }
        catch (ClusterUnreachableException outage)
        {
            reached = false;
            Show(new("server", FindingKind.Fault, outage.Message,
                "Start a cluster with `up`, or name its gateway with --server or ORLEANS_CLUSTER_SERVER."));
            if (session.Server.IsLoopback)
            {
                Show(MachineExamination.OfPort(session.Server));
            }
        }

        // A cluster elsewhere has its files elsewhere.
        if (session.Server.IsLoopback)
        {
            machine.Run().ToList().ForEach(Show);
        }

        if (session.Json)
        {
            session.WriteJson(findings);
        }

        return !reached ? ExitCodes.Unreachable : findings.Exists(finding => finding.Kind == FindingKind.Fault) ? ExitCodes.Failed
            : ExitCodes.Done;
    }

    private static void Write(WrappedWriter text, Finding finding)
    {
        text.WriteLine(
            $"{finding.Kind.ToString().ToLowerInvariant(),-8} {finding.Subject,-11} {ToolWords.Of(finding.Says)}", WordsHang);
        if (finding.Advice is { } advice)
        {
            text.WriteLine($"{"",-20} -> {ToolWords.Of(advice)}", WordsHang + 3);
        }
    }
}
