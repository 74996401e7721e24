using System.CommandLine;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Code = Orleans.Cluster.Contracts.ProblemCode;

namespace Orleans.Cluster.UnitTests.Cli;

/// <summary>What a gateway says of documents and addresses, told in options and commands.</summary>
public sealed class ToolWordsTests
{
    private const string Job = "01JD7Z4Q8M3K5T6V7W8X9Y0ABC";

    [Theory]
    [InlineData("--skip -1", "/source/options/skipLines", "The value must be 0 to 10000.", "--skip must be 0 to 10000.")]
    [InlineData("-t t=a.csv --delimiter x", "/sources/t/options/delimiter", "The value must have 1 to 4 characters.",
        "--delimiter must have 1 to 4 characters.")]
    [InlineData("--how lefft", "/parameters/how", "Unknown value 'LEFFT'. Did you mean 'LEFT'?",
        "'lefft' of --how is not known. Did you mean 'LEFT'?")]
    [InlineData("--priority Urgent", "/priority", "Unknown value 'URGENT'. Known: LOW, HIGH.",
        "'Urgent' of --priority is not one of LOW, HIGH.")]
    [InlineData("--agg count --agg sum", "/parameters/aggregates/1/column", "The column that sum is of is required.",
        "--agg sum: The column that sum is of is required.")]
    [InlineData("join", "/parameters/on", "At least one pair of columns is required.",
        "--on is required: at least one pair of columns.")]
    [InlineData("convert --param foo=1", "/parameters/foo", "Unknown field 'foo'. No field is allowed here.",
        "--param foo: The operation has no such parameter.")]
    [InlineData("agregate", "/operation", "Unknown value 'agregate'. Did you mean 'aggregate'?",
        "'agregate' of <operation> is not known. Did you mean 'aggregate'?")]
    [InlineData("--file job.json", "/source/options/skipLines", "The value must be 0 to 10000.",
        "/source/options/skipLines: The value must be 0 to 10000.")]
    [InlineData("--file job.json --skip -1", "/source/options/skipLines", "The value must be 0 to 10000.",
        "--skip must be 0 to 10000.")]
    [InlineData("", "/nowhere", "One.", "/nowhere: One.")]
    public void Of_Fault_NamesTheOption(string line, string pointer, string detail, string expected) =>
        Assert.Equal(expected, ToolWords.Of(new Fault(pointer, "out-of-range", detail), Parse(line)));

    [Theory]
    [InlineData("The value must be 1 to 9223372036854775807.", "The value must be 1 or more.")]
    [InlineData("Expected a whole number from -9223372036854775808 to 9223372036854775807, written in digits alone.",
        "Expected a whole number from -9223372036854775808 to 9223372036854775807, written in digits alone.")]
    [InlineData("Set options.header to true if that is right, and to false if it is data.",
        "Give --header if that is right, and --no-header if it is data.")]
    [InlineData("If they stand for NULL, set options.nullValues to [\"\", \"NA\", \"n/a x\"].",
        "If they stand for NULL, give --null '' --null NA --null 'n/a x'.")]
    [InlineData("options.columns declares 'x', which no file has.", "--type declares 'x', which no file has.")]
    [InlineData("Declare them in options.columns if that is right.", "Declare them with --type if that is right.")]
    [InlineData("Set options.union to BY_NAME if a column is NULL.", "Give --union BY_NAME if a column is NULL.")]
    [InlineData("say so in options.encoding (latin-1)", "say so with --encoding (latin-1)")]
    [InlineData("Choose another output.path, or set output.mode to OVERWRITE or APPEND.",
        "Choose another --output, or give --output-mode OVERWRITE or APPEND.")]
    [InlineData("If lines stand before the header, set options.skipLines; else set options.delimiter and options.header.",
        "If lines stand before the header, give --skip; else give --delimiter and --header or --no-header.")]
    [InlineData("(partitioning.targetBytes), or (cluster/scale).", "(--target-bytes), or (`cluster scale`).")]
    [InlineData("GET /api/processing/cluster/status", "GET /api/processing/cluster/status")]
    [InlineData("The value must be a whole number, 0 to 9223372036854775807.", "The value must be a whole number, 0 or more.")]
    public void Of_Text_SpeaksOfOptionsAndCommands(string text, string expected) => Assert.Equal(expected, ToolWords.Of(text));

    [Fact]
    public void Lines_HintThatNamesAnAddress_NamesTheCommandWithTheJob()
    {
        var problem = ProblemDocument.Of(
            Code.ResultNotReady, $"Job {Job} did not succeed.", "Its status says why. /retry starts it again.");

        Assert.Equal(
            [$"Job {Job} did not succeed. (result-not-ready)", $"Hint: Its status says why. `retry {Job}` starts it again."],
            Problems.Lines(problem));
    }

    [Theory]
    [InlineData("The record has 2 fields where 3 are expected.",
        "Hint: --on-bad-row QUARANTINE sets such rows aside, and the job goes on.")]
    [InlineData("column 'n': value 'NA' is not a valid INTEGER.",
        "Hint: If 'NA' stands for NULL, give --null NA. --on-bad-row QUARANTINE sets such rows aside, and the job goes on.")]
    [InlineData("column 'n': value 'x1' is not a valid INTEGER.",
        "Hint: --on-bad-row QUARANTINE sets such rows aside, and the job goes on.")]
    public void Lines_BadRow_SaysWhichOptionsHelp(string detail, string hint) =>
        Assert.Equal(hint, Problems.Lines(ProblemDocument.Of(Code.BadRow, detail)).Last());

    [Fact]
    public void Fit_LongMarkedLine_IsCutAroundItsMark()
    {
        string[] lines =
            ["There is no column x.", "LINE 1: SELECT aaaaaaaaaa, x FROM bbbbbbbbbbbbbbbb", new string(' ', 27) + "^"];

        Assert.Equal(["There is no column x.", "LINE 1: …aaaa, x FROM…", "               ^"], MarkedLines.Fit(lines, 22));
        Assert.Equal(lines, MarkedLines.Fit(lines, 80));
    }

    private static ParseResult Parse(string line)
    {
        var command = new Command("submit");
        foreach (var symbol in new JobFlags().Symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        return command.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
