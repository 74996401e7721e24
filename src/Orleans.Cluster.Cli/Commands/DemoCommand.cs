using System.CommandLine;
using Orleans.Cluster.Cli.Arguments;
using Orleans.Cluster.Cli.Demo;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>The product in a minute.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandFactory commands)
    {
        var rows = new Option<long>("--rows") { Description = "Rows of the table", DefaultValueFactory = _ => 5_000_000 };
        var workers = new Option<int>("--workers") { Description = "Worker processes, 1 to 32", DefaultValueFactory = _ => 4 };
        var keep = new Option<bool>("--keep") { Description = "Keep the folder with the table and the cluster's state" };
        rows.Demand(count => count >= 1, "--rows must be at least 1.");
        workers.Demand(count => count is >= 1 and <= 32, "--workers must be 1 to 32.");
        return commands.Create(
            "demo", "Start a cluster, write a table, aggregate it, and clean up", [rows, workers, keep],
            session => new DemoRun(
                session, session.Parsed.GetValue(rows), session.Parsed.GetValue(workers), session.Parsed.GetValue(keep))
                .RunAsync(session.Cancellation));
    }
}
