using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

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
        Assert.Equal(["── row 1 ──", "gene       TP53", "n          1⏎2", "a lo…name  x"], table.Records(15));
        Assert.Equal(["── row 1 ──", "gene         TP53", "n            1⏎2", "a long name  x"], table.Records(40));
    }

    [Fact]
    public void Lines_TooNarrow_AnEmptyColumnLeavesFirstAndIsNotMissed()
    {
        var table = new TextTable("Worker", "State", new TableColumnHead("Last failure", 0));
        table.AddRow("w-127.0.0.1:20548", "COMMITTED", "");

        Assert.Equal(["Worker             State", "─────────────────  ─────────", "w-127.0.0.1:20548  COMMITTED"],
            table.Lines(30));
        Assert.True(table.LosesColumns(30));
        Assert.Equal("Worker             State      Last failure", table.Lines(50).First());
    }

    [Fact]
    public void LosesColumns_WhereHeadsWouldBeCutToNothing_IsSo()
    {
        string[] names = ["gene_symbol", "chromosome", "start_position", "end_position", "expression_level"];
        var table = new TextTable([.. names.Select(name => new TableColumnHead(name))]);
        table.AddRow("TP53", "17", "7668421", "7687490", "13.4");

        Assert.True(table.LosesColumns(60));
        Assert.False(table.LosesColumns(80));
        Assert.All(table.Records(30), line => Assert.True(CellText.Width(line) <= 30, line));
        Assert.Contains("expression_level  13.4", table.Records(30));
    }

    [Fact]
    public void WriteRows_NoneOfAWideTable_NamesTheColumns()
    {
        var output = new StringWriter();
        var console = new CliConsole(output, TextWriter.Null, TextReader.Null, isLive: false, columns: 24);
        ColumnSchema[] columns = [new("expression_level", "DOUBLE"), new("gene_symbol", "VARCHAR")];

        JobViews.WriteRows(console, new ResultRows(columns, [], 0));

        Assert.Equal(
            ["No rows. Columns:", "expression_level,", "gene_symbol"], $"{output}".TrimEnd().Split(Environment.NewLine));
    }

    [Fact]
    public void Lines_WhatIsNotShown_IsWrapped()
    {
        var lines = Jobs().Lines(30).ToList();

        Assert.Equal(["Not shown: Status, Done,", "Created, Name. --json has all."], lines[^2..]);
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
