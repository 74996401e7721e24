using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class TextLinesTests
{
    [Theory]
    [InlineData("one two three four", 10, null, "one two|three four")]
    [InlineData("one two three four", 9, null, "one two|three|four")]
    [InlineData("  one two three", 12, null, "  one two|  three")]
    [InlineData("good  one two three four", 16, 6, "good  one two|      three four")]
    [InlineData("abcdefghijklmnop", 10, null, "abcdefghij|klmnop")]
    [InlineData("a  b", 10, null, "a  b")]
    [InlineData("漢字 漢字 漢字", 10, null, "漢字 漢字|漢字")]
    [InlineData("one\n\ntwo three", 6, null, "one||two|three")]
    [InlineData("", 10, null, "")]
    public void Wrap_Text_BreaksBetweenWords(string text, int width, int? hang, string expected) =>
        Assert.Equal(expected.Split('|'), TextLines.Wrap(text, width, hang));

    [Fact]
    public void Wrap_IntoAFile_BreaksNothing()
    {
        var text = string.Join(' ', Enumerable.Repeat("word", 500));

        Assert.Equal([text], TextLines.Wrap(text, TextLines.Unlimited));
    }

    [Fact]
    public void WriteLine_OfNotes_FollowsTheWidth()
    {
        var notes = new StringWriter();
        var console = new CliConsole(TextWriter.Null, notes, TextReader.Null, isLive: false, columns: 20);

        console.NotesText.WriteLine("Warning: nothing decides whether it is a header.");

        Assert.Equal(["Warning: nothing", "decides whether it", "is a header."], $"{notes}".TrimEnd().Split(Environment.NewLine));
    }
}
