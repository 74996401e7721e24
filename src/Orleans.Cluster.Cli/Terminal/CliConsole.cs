using System.Globalization;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Where a command writes. What was asked for goes to <see cref="Out"/>, so that it can be piped; progress, notes and errors go
/// to
/// <see cref="Notes"/>.
/// </summary>
internal sealed class CliConsole
{
    private readonly TextWriter output;
    private readonly Stream? rawOutput;

    /// <summary>What a command writes to.</summary>
    /// <param name="output">What was asked for.</param>
    /// <param name="notes">Everything else.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="isLive">Whether notes go to a terminal.</param>
    /// <param name="rawOutput">Bytes of a result; standard output when null.</param>
    /// <param name="columns">Width of what goes into a file or a pipe; null for one at which nothing is broken or cut.</param>
    public CliConsole(
        TextWriter output, TextWriter notes, TextReader input, bool isLive, Stream? rawOutput = null, int? columns = null)
    {
        (this.output, this.rawOutput, Input, IsLive) = (output, rawOutput, input, isLive);
        var isPlain = Console.IsOutputRedirected || !isLive;
        Out = Create(output, isPlain, columns);
        Notes = Create(notes, !isLive, columns);
        Text = isPlain ? output : new ShownWriter(output);
        Prose = new WrappedWriter(Text, () => Out.Profile.Width);
        NotesText = new WrappedWriter(notes, () => Notes.Profile.Width);
    }

    public IAnsiConsole Out { get; }

    public IAnsiConsole Notes { get; }

    /// <summary>Text as it is: JSON, CSV, plain lines. On a terminal the control characters in it are shown as escapes.</summary>
    public TextWriter Text { get; }

    /// <summary>The same for people: lines are broken between words where they are longer than the terminal is wide.</summary>
    public WrappedWriter Prose { get; }

    public WrappedWriter NotesText { get; }

    public TextReader Input { get; }

    /// <summary>Whether <see cref="Notes"/> is a terminal that can be redrawn.</summary>
    public bool IsLive { get; }

    /// <summary>Bytes of a result; the caller does not dispose it.</summary>
    public Stream OpenRawOutput() =>
        rawOutput ?? (Console.IsOutputRedirected ? Console.OpenStandardOutput() : new ShownStream(output));

    public static CliConsole OfProcess() => new(Console.Out, Console.Error, Console.In, isLive: !Console.IsErrorRedirected,
        columns: Environment.GetEnvironmentVariable("COLUMNS") is { } text
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var columns)
            && columns >= LeastColumns ? columns : null);

    /// <summary>Of a narrower line nobody can read anything.</summary>
    private const int LeastColumns = 20;

    private static IAnsiConsole Create(TextWriter writer, bool plain, int? columns)
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
            console.Profile.Width = columns ?? TextLines.Unlimited;
        }

        return console;
    }
}
