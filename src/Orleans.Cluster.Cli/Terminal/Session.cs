using System.CommandLine;
using System.Text.Json;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>One run of one command: its arguments, its connection, where it writes, and what stops it.</summary>
internal sealed class Session(ParseResult parsed, GlobalOptions globals, CliConsole console, Interrupts interrupts) : IDisposable
{
    /// <summary>What the program is called where it is installed.</summary>
    public const string ToolName = "orleans-cluster";

    private static readonly JsonSerializerOptions Indented = new(WireJson.Options) { WriteIndented = true };

    private readonly Lazy<ClusterConnection> connection = new(() => ClusterConnection.Open(globals.Connection(parsed)));

    public ParseResult Parsed => parsed;

    public CliConsole Console => console;

    public Interrupts Interrupts => interrupts;

    public CancellationToken Cancellation => interrupts.Any;

    public bool Json => parsed.GetValue(globals.Json);

    /// <summary>Address of the gateway.</summary>
    public Uri Server => globals.Connection(parsed).Address;

    public ClusterConnection Connection => connection.Value;

    public IJobClient Jobs => connection.Value.Jobs;

    public IClusterControl Cluster => connection.Value.Cluster;

    /// <summary>
    /// What stands before a command where the program is installed as a tool; nothing where it was started in some other way.
    /// </summary>
    public static string ProgramPrefix =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == ToolName ? $"{ToolName} " : "";

    /// <summary>What to add to a command line so that it reaches the same cluster.</summary>
    public string ServerArgument => parsed.GetValue(globals.Server) is { } server ? $" --server {server}" : "";

    /// <summary>The job that an argument names.</summary>
    /// <exception cref="UsageException">It names none, or several.</exception>
    public Task<JobId> JobAsync(Argument<string> argument) => JobAsync(parsed.GetValue(argument) ?? "");

    /// <inheritdoc cref="JobAsync(Argument{string})"/>
    public Task<JobId> JobAsync(string reference) => JobReference.ResolveAsync(Jobs, reference, Cancellation);

    /// <summary>Prints a document, for machines or for people.</summary>
    public int Show<T>(T document, Action forPeople)
    {
        if (Json)
        {
            WriteJson(document);
        }
        else
        {
            forPeople();
        }

        return ExitCodes.Done;
    }

    public void WriteJson<T>(T document) => console.Text.WriteLine(JsonSerializer.Serialize(document, Indented));

    /// <summary>One document on one line, for streams of documents.</summary>
    public void WriteJsonLine<T>(T document) => console.Text.WriteLine(JsonSerializer.Serialize(document, WireJson.Options));

    public void Note(string text) => console.NotesText.WriteLine(text);

    public void Dispose()
    {
        if (connection.IsValueCreated)
        {
            connection.Value.Dispose();
        }
    }
}
