using Spectre.Console;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Where a command writes. What was asked for goes to <see cref="Out"/>, so that it can be piped; progress, notes and errors go to
/// <see cref="Notes"/>.
/// </summary>
internal sealed class CliConsole(TextWriter output, TextWriter notes, TextReader input, bool isLive, Stream? rawOutput = null)
{
    /// <summary>Wide enough that no table is cut when it goes into a file or a pipe.</summary>
    private const int PlainWidth = 400;

    public IAnsiConsole Out { get; } = Create(output, plain: Console.IsOutputRedirected || !isLive);

    public IAnsiConsole Notes { get; } = Create(notes, plain: !isLive);

    /// <summary>Text without any treatment: JSON, CSV, plain lines.</summary>
    public TextWriter Text => output;

    public TextWriter NotesText => notes;

    public TextReader Input => input;

    /// <summary>Whether <see cref="Notes"/> is a terminal that can be redrawn.</summary>
    public bool IsLive => isLive;

    /// <summary>Bytes of a result; the caller does not dispose it.</summary>
    public Stream OpenRawOutput() => rawOutput ?? Console.OpenStandardOutput();

    public static CliConsole OfProcess() => new(Console.Out, Console.Error, Console.In, isLive: !Console.IsErrorRedirected);

    private static IAnsiConsole Create(TextWriter writer, bool plain)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (plain)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}
