using Spectre.Console;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Where a command writes. What was asked for goes to <see cref="Out"/>, so that it can be piped; progress, notes and errors go
/// to
/// <see cref="Notes"/>.
/// </summary>
internal sealed class CliConsole(TextWriter output, TextWriter notes, TextReader input, bool isLive, Stream? rawOutput = null)
{
    /// <summary>Wide enough that no table is cut when it goes into a file or a pipe.</summary>
    private const int PlainWidth = 400;

    public IAnsiConsole Out { get; } = Create(output, plain: Console.IsOutputRedirected || !isLive);

    public IAnsiConsole Notes { get; } = Create(notes, plain: !isLive);

    /// <summary>Text as it is: JSON, CSV, plain lines. On a terminal the control characters in it are shown as escapes.</summary>
    public TextWriter Text { get; } = Console.IsOutputRedirected || !isLive ? output : new ShownWriter(output);

    public TextWriter NotesText => notes;

    public TextReader Input => input;

    /// <summary>Whether <see cref="Notes"/> is a terminal that can be redrawn.</summary>
    public bool IsLive => isLive;

    /// <summary>Bytes of a result; the caller does not dispose it.</summary>
    public Stream OpenRawOutput() =>
        rawOutput ?? (Console.IsOutputRedirected ? Console.OpenStandardOutput() : new ShownStream(output));

    public static CliConsole OfProcess() => new(Console.Out, Console.Error, Console.In, isLive: !Console.IsErrorRedirected);

    private static IAnsiConsole Create(TextWriter writer, bool plain)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        console.Pipeline.Attach(new ShownSegments());
        if (plain)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}
