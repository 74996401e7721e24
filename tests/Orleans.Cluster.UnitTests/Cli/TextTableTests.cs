using Orleans.Cluster.Cli.Following;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class TextTableTests
{
    private const string Id = "01JD7Z4Q8M3K5T6V7W8X9Y0ABC";

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void Lines_AtAWidth_FitAndKeepIdsWhole(int width)
    {
        var lines = Jobs().Lines(width).ToList();

        Assert.All(lines, line => Assert.True(CellText.Width(line) <= width, line));
        Assert.StartsWith(Id, lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_TooNarrow_LeavesColumnsOutByRankAndSaysWhich()
    {
        var lines = Jobs().Lines(50).ToList();

        Assert.Equal("Id                          Status   Done", lines[0].TrimEnd());
        Assert.Equal("Not shown: Created, Name. --json has all.", lines[^1]);
    }

    [Fact]
    public void Lines_LongCells_AreCutBeforeColumnsLeave()
    {
        var table = new TextTable("gene", "text");
        table.AddRow("TP53", new string('x', 100));

        Assert.Equal(["gene  text", "────  ──────────────", "TP53  xxxxxxxxxxxxx…"], table.Lines(20));
        Assert.False(table.LosesColumns(20));
    }

    [Fact]
    public void Lines_IntoAFile_AreNotCut()
    {
        var table = new TextTable("a", "b");
        table.AddRow(new string('x', 500), new string('y', 500));

        Assert.Equal(1002, table.Lines(TextTable.Unlimited).Last().Length);
    }

    [Fact]
    public void Records_WideResult_IsALineAValue()
    {
        var table = new TextTable("gene", "n", "a long name");
        table.AddRow("TP53", "1\n2", "x");

        Assert.True(table.LosesColumns(15));
        Assert.Equal(["── row 1 ──", "gene         T…", "n            1…", "a long name  x"], table.Records(15));
    }

    [Theory]
    [InlineData("漢字漢字", 5, "漢字…")]
    [InlineData("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301")]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcd…")]
    public void Cut_Text_CountsCellsOfATerminal(string text, int width, string expected)
    {
        Assert.Equal(expected, CellText.Cut(text, width));
    }

    private static TextTable Jobs()
    {
        var table = new TextTable(
            new("Id", 0, IsWhole: true), new("Status", 1), new("Done", 2), new("Created", 6), new("Name", 3));
        table.AddRow(
            Id, "RUNNING", "68 %", "2026-01-31 12:00:00",
            "expression by tissue, every night, for the atlas of the whole consortium and more");
        return table;
    }
}
