using System.Text;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Spectre.Console;

namespace Orleans.Cluster.UnitTests.Cli;

/// <summary>Names and cells of others do nothing to a terminal.</summary>
public sealed class ShownTextTests
{
    private const string Hostile = "a\u001b[2Jb\u0007\u009b31m\u202ec";

    [Fact]
    public void Of_ControlCharacters_AreEscapes()
    {
        Assert.Equal("a\\x1b[2Jb\\x07\\x9b31m\\u202ec", ShownText.Of(Hostile));
        Assert.Equal("Grün 漢字 🧬", ShownText.Of("Grün 漢字 🧬"));
        Assert.Equal("aaaaa...", ShownText.Of(new string('a', 100), most: 5));
    }

    [Fact]
    public void AddRow_HostileCell_IsShownAsEscapes()
    {
        var table = new TextTable(new TableColumnHead("NAME"));
        table.AddRow(Hostile);

        Assert.All(table.Lines(TextTable.Unlimited), line => Assert.DoesNotContain(line, char.IsControl));
    }

    [Fact]
    public void Write_HostileText_IsShownAsEscapesWhateverDrawsIt()
    {
        var (output, notes) = (new StringWriter(), new StringWriter());
        var console = new CliConsole(output, notes, TextReader.Null, isLive: false);

        console.Out.Write(new Markup($"[bold]{Markup.Escape(Hostile)}[/]"));
        console.Notes.WriteLine(Hostile);
        using var terminal = new StringWriter();
        new ShownWriter(terminal).WriteLine(Hostile);
        new ShownStream(terminal).Write(Encoding.UTF8.GetBytes(Hostile));

        Assert.All([output, notes, terminal],
            written => Assert.DoesNotContain($"{written}", c => char.IsControl(c) && c is not ('\n' or '\r')));
        Assert.Contains("\\x1b[2J", $"{output}", StringComparison.Ordinal);
    }
}
