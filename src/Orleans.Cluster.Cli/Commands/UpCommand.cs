using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Cluster.Cli.Arguments;
using Orleans.Cluster.Cli.Embedded;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>The embedded cluster in the foreground.</summary>
internal static partial class UpCommand
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
        data.Demand(root => root is null || Directory.Exists(root), root => File.Exists(root)
            ? $"'{root}' of --data is a file. Name a folder."
            : $"There is no folder '{root}' for --data.");
        return commands.Create(
            "up", "Run an embedded cluster until Ctrl-C", [workers, slots, state, data, address, more],
            session => RunAsync(session, new EmbeddedClusterSettings
            {
                OnWait = session.Note,
                StartNote = $"Starting ... (state and logs in {Path.GetFullPath(session.Parsed.GetValue(state)!)})",
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
            throw await cluster.WaitForExitAsync(session.Cancellation);
        }
        catch (OperationCanceledException) when (session.Cancellation.IsCancellationRequested)
        {
            session.Note("Stopping ...");
            return ExitCodes.Done;
        }
    }

    /// <exception cref="UsageException">A gateway cannot listen there.</exception>
    internal static Uri ReadAddress(string text)
    {
        var parts = Form().Match(text);
        var fault = !parts.Success ? $"'{text}' of --url is not an address."
            : parts.Groups["scheme"].Value is not ("http" or "https")
                ? $"'{text}' of --url begins with {parts.Groups["scheme"].Value}://, and a gateway speaks http and https."
            : parts.Groups["port"].Success && !IsPort(parts.Groups["port"].Value)
                ? $"The port of '{text}' (--url) is not a number from 1 to 65535."
            : parts.Groups["path"].Length > 1 ? $"'{text}' of --url has a path, and a gateway listens at none."
            : null;
        return fault is null && Uri.TryCreate(text, UriKind.Absolute, out var address) ? address
            : throw new UsageException($"{fault ?? $"'{text}' of --url is not an address."} Write it as http://127.0.0.1:8001.");
    }

    private static bool IsPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535;

    [GeneratedRegex("^(?<scheme>[a-z][a-z0-9+.-]*)://(?:\\[[^\\]]*\\]|[^:/?#]+)(?::(?<port>[^/?#]*))?(?<path>[/?#].*)?$")]
    private static partial Regex Form();
}
