using System.CommandLine;
using Orleans.Cluster.Cli.Arguments;
using Orleans.Cluster.Cli.Embedded;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>The embedded cluster in the foreground.</summary>
internal static class UpCommand
{
    public static Command Create(CommandFactory commands)
    {
        var workers = new Option<int?>("--workers") { Description = "Worker processes, 0 to 32; default 4" };
        var slots = new Option<int?>("--slots") { Description = "Partitions that one worker runs at a time; default 1" };
        var state = new Option<string>("--state")
        {
            Description = "Folder of the cluster's state", HelpName = "path", DefaultValueFactory = _ => ".orleans-cluster",
        };
        var data = new Option<string?>("--data")
        {
            Description = "Folder whose files jobs may read; default the working directory", HelpName = "path",
        };
        var address = new Option<string>("--url")
        {
            Description = "Where the gateway listens", HelpName = "url", DefaultValueFactory = _ => "http://127.0.0.1:8001",
        };
        var more = new Argument<string[]>("settings")
        {
            Description = "More settings in the silo's form, after --", Arity = ArgumentArity.ZeroOrMore,
        };
        workers.Demand(count => count is null or (>= 0 and <= 32), "--workers must be 0 to 32.");
        slots.Demand(count => count is null or >= 1, "--slots must be at least 1.");
        data.Demand(root => root is null || Directory.Exists(root), root => $"There is no folder '{root}' for --data.");
        return commands.Create(
            "up", "Run an embedded cluster until Ctrl-C", [workers, slots, state, data, address, more],
            session => RunAsync(session, new EmbeddedClusterSettings
            {
                OnWait = session.Note,
                Address = ReadAddress(session.Parsed.GetValue(address)!),
                StateDirectory = Path.GetFullPath(session.Parsed.GetValue(state)!),
                DataRoot = session.Parsed.GetValue(data) is { } root ? Path.GetFullPath(root) : null,
                Workers = session.Parsed.GetValue(workers),
                SlotsPerWorker = session.Parsed.GetValue(slots),
                MoreArguments = session.Parsed.GetValue(more) ?? [],
            }));
    }

    private static readonly Uri DefaultAddress = new("http://127.0.0.1:8001");

    private static async Task<int> RunAsync(Session session, EmbeddedClusterSettings settings)
    {
        session.Note($"Starting ... (state and logs in {settings.StateDirectory})");
        await using var cluster = await EmbeddedCluster.StartAsync(settings, session.Cancellation);
        var server = cluster.Address == DefaultAddress ? "" : $" --server {cluster.Address.GetLeftPart(UriPartial.Authority)}";
        session.Note(
            $"Ready at {cluster.Address} (process {cluster.ProcessId}). Reference: {cluster.Address}docs. Ctrl-C ends it.");
        session.Note(
            $"Files are read below {settings.DataRoot ?? Environment.CurrentDirectory}; state and logs are in "
            + $"{settings.StateDirectory}.");
        session.Note($"Try: {Session.ToolName} sql \"SELECT * FROM source LIMIT 5\"{server}");
        try
        {
            var code = await cluster.WaitForExitAsync(session.Cancellation);
            throw new EmbeddedClusterException($"The cluster ended with code {code}; see {settings.StateDirectory}/logs.");
        }
        catch (OperationCanceledException) when (session.Cancellation.IsCancellationRequested)
        {
            session.Note("Stopping ...");
            return ExitCodes.Done;
        }
    }

    private static Uri ReadAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new UsageException($"'{text}' is not an address. Write it as http://127.0.0.1:8001.");
}
