using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Shell;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.UnitTests.Cli;

/// <summary>The shell's pure parts: where statements end, what a key does to a line, which words complete it.</summary>
public sealed class ShellTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Add_StatementOverLines_EndsAtTheSemicolonOutsideOfQuotesAndComments()
    {
        var text = new StatementText();

        Assert.Empty(text.Add("SELECT ';' AS a, \"x;y\" -- one; two"));
        Assert.Empty(text.Add("/* ; */ FROM t"));
        var whole = text.Add("WHERE n > 3; SELECT 2\\G SELECT 3");

        Assert.Equal(
            [new Statement("SELECT ';' AS a, \"x;y\" -- one; two\n/* ; */ FROM t\nWHERE n > 3", false),
                new Statement("SELECT 2", true)], whole);
        Assert.Equal("SELECT 3", text.Take());
        Assert.True(text.IsEmpty);
    }

    [Fact]
    public void Add_QuoteThatIsDoubled_GoesOn()
    {
        var text = new StatementText();

        Assert.Equal([new Statement("SELECT 'it''s; so'", false)], text.Add("SELECT 'it''s; so';"));
    }

    [Fact]
    public void Press_Keys_EditTheLineAndRecallEarlierOnes()
    {
        var line = new LineBuffer(["first", "second"]);

        Type(line, "SELECT x");
        Press(line, ConsoleKey.Backspace, ConsoleKey.Home, ConsoleKey.Delete);
        Assert.Equal(("ELECT ", 0), (line.Text, line.Cursor));

        Press(line, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow);
        Assert.Equal("first", line.Text);
        Press(line, ConsoleKey.DownArrow, ConsoleKey.DownArrow);
        Assert.Equal("ELECT ", line.Text);

        Press(line, ConsoleModifiers.Control, ConsoleKey.W);
        Assert.Equal("", line.Text);
    }

    [Fact]
    public async Task ReadAsync_TabAndEnter_CompletesWhatAllWordsShare()
    {
        var keys = new Queue<ConsoleKeyInfo>([.. "SEL ge".Select(Key), Key(ConsoleKey.Tab), Key(ConsoleKey.Enter)]);
        var editor = new LineEditor(keys.Dequeue, _ => { }, () => 80);

        var line = await editor.ReadAsync("sql> ", [], before => Task.FromResult(ShellWords.Find(before, ["gene", "genes"])));

        Assert.Equal("SEL gene", line.Text);
    }

    [Fact]
    public async Task ReadAsync_ControlDOnAnEmptyLine_LeavesAndControlCDrops()
    {
        var keys = new Queue<ConsoleKeyInfo>([Key('x'), Control(ConsoleKey.C), Control(ConsoleKey.D)]);
        var editor = new LineEditor(keys.Dequeue, _ => { }, () => 80);

        Assert.Equal(
            new TypedLine("", IsDropped: true), await editor.ReadAsync("> ", [], _ => Task.FromResult(new Completion(0, []))));
        Assert.Equal(new TypedLine(null), await editor.ReadAsync("> ", [], _ => Task.FromResult(new Completion(0, []))));
    }

    [Theory]
    [InlineData("SELECT * FROM 'expr", "expr")]
    [InlineData("SELECT * FROM 'a.csv' WHERE x = ", null)]
    public void OpenPath_BeforeTheCursor_IsWhatAQuoteBegan(string before, string? expected) =>
        Assert.Equal(expected, ShellWords.OpenPath(before));

    [Fact]
    public void Lines_OfAttempts_ShowAFailureAmongShortOnes()
    {
        var timeline = new Timeline(
            [
                Bar("w1", 0, "COMMITTED", 0, 10), Bar("w1", 0, "FAILED", 10, 10.01), Bar("w1", 0, "COMMITTED", 10.01, 20),
                Bar("w2", 0, "RUNNING", 15, null),
            ],
            Merged: false);

        var lines = AttemptChart.Lines(timeline, Begin.AddSeconds(20), 25).ToList();

        Assert.Equal(["w1/0 ==========F=========", "w2/0 ...............>>>>>", "     0             20.0 s"], lines);
    }

    private static TimelineBar Bar(string worker, int slot, string state, double from, double? to) => new(
        new WorkerId(worker), slot, JobId.New(), 0, 0, 1, state, Begin.AddSeconds(from), to is { } end
        ? Begin.AddSeconds(end)
        : null);

    private static void Type(LineBuffer line, string text) => text.ToList().ForEach(sign => line.Press(Key(sign)));

    private static void Press(LineBuffer line, params ConsoleKey[] keys) => keys.ToList().ForEach(key => line.Press(Key(key)));

    private static void Press(LineBuffer line, ConsoleModifiers modifiers, ConsoleKey key) =>
        line.Press(new ConsoleKeyInfo('\0', key, false, false, modifiers.HasFlag(ConsoleModifiers.Control)));

    private static ConsoleKeyInfo Key(char sign) => new(sign, ConsoleKey.None, false, false, false);

    private static ConsoleKeyInfo Key(ConsoleKey key) => new('\0', key, false, false, false);

    private static ConsoleKeyInfo Control(ConsoleKey key) => new('\0', key, false, false, true);
}
