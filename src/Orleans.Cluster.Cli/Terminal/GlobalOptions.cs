using System.CommandLine;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>Options of every command.</summary>
internal sealed class GlobalOptions
{
    private const string ServerVariable = "ORLEANS_CLUSTER_SERVER";
    private const string ApiKeyVariable = "ORLEANS_CLUSTER_API_KEY";

    public Option<string?> Server { get; } = new("--server")
    {
        Description = $"Address of a gateway (or {ServerVariable}; default http://127.0.0.1:8001)",
        HelpName = "url",
        Recursive = true,
    };

    public Option<string?> ApiKey { get; } = new("--api-key")
    {
        Description = $"Key that names you (better in {ApiKeyVariable}, where no process list shows it)",
        HelpName = "key",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print documents for machines", Recursive = true };

    public void AddTo(RootCommand root)
    {
        root.Add(Server);
        root.Add(ApiKey);
        root.Add(Json);
    }

    public JobClientOptions Connection(ParseResult parsed)
    {
        var options = new JobClientOptions { ApiKey = parsed.GetValue(ApiKey) ?? Variable(ApiKeyVariable) };
        if ((parsed.GetValue(Server) ?? Variable(ServerVariable)) is { } text)
        {
            options.Address = Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                ? address
                : throw new UsageException($"'{text}' is not an address. Write it as http://host:port.");
        }

        return options;
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
