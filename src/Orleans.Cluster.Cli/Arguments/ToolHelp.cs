using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Arguments;

/// <summary>The help of a command under the tool's own name, with examples.</summary>
internal sealed partial class ToolHelp(HelpAction help, string toolName, Func<int> width) : SynchronousCommandLineAction
{
    /// <summary>So wide that the library breaks nothing: it would break inside of words.</summary>
    private const int Unbroken = 10_000;

    /// <summary>With less room beside its name a description goes below it.</summary>
    private const int LeastBeside = 38;

    private const int BelowIndent = 6;

    private static readonly Dictionary<string, string[]> Examples = new()
    {
        ["up"] = ["up --data ~/data --workers 4", "up --url http://127.0.0.1:9001 --state /var/tmp/cluster"],
        ["demo"] = ["demo", "demo --rows 1000000 --workers 2"],
        ["sql"] =
        [
            "sql \"SELECT gene, sum(count) AS n FROM t GROUP BY gene\" -t t=expression/*.csv",
            "sql \"SELECT * FROM a JOIN b USING (gene)\" -t a=counts.tsv -t b=genes.tsv --null NA",
            "sql \"SELECT * FROM source WHERE n > 3\" -t counts.csv --output out/big --name nightly",
        ],
        ["submit"] =
        [
            "submit aggregate --path expression/*.csv --group-by gene --agg sum:count:total --wait",
            "submit filter --path counts.csv --where \"n > 3\"",
            "submit join --source a=counts.csv --source b=genes.csv --on gene --how left",
            "submit --file job.json --priority HIGH",
        ],
        ["explain"] = ["explain aggregate --path expression/*.csv --group-by gene", "explain @last"],
        ["partition"] = ["partition expression/*.csv --target-bytes 64MB"],
        ["shell"] = ["shell", "shell -t genes=expression/*.csv -t samples=samples.tsv", "shell -t g=counts.csv < report.sql"],
        ["resubmit"] = ["resubmit @last", "resubmit @last --target-bytes 16MB --wait"],
        ["story"] = ["story @last"],
        ["timeline"] = ["timeline", "timeline @last"],
        ["browse"] = ["browse", "browse expression"],
        ["head"] = ["head counts.tsv", "head counts.txt -n 3 --delimiter ';' --no-header"],
        ["schema"] = ["schema counts.tsv --null NA", "schema 'expression/*.csv' --type count=BIGINT"],
        ["list"] = ["list --status RUNNING", "cancel $(orleans-cluster list -q --status QUEUED --limit 1)"],
        ["status"] = ["status @last", "status 01JD7Z"],
        ["result"] = ["result @last", "result @last --out rows.parquet"],
    };

    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var text = new StringWriter();
        parseResult.InvocationConfiguration.Output = text;
        int code;
        try
        {
            help.MaxWidth = Unbroken;
            code = help.Invoke(parseResult);
        }
        finally
        {
            parseResult.InvocationConfiguration.Output = output;
        }

        foreach (var line in text.ToString().TrimEnd().Replace(RootCommand.ExecutableName, toolName, StringComparison.Ordinal)
            .ReplaceLineEndings("\n").Split('\n').SelectMany(Lines))
        {
            output.WriteLine(line);
        }

        if (Examples.TryGetValue(parseResult.CommandResult.Command.Name, out var examples))
        {
            output.WriteLine();
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (var example in examples)
            {
                foreach (var line in TextLines.Wrap($"  {toolName} {example}", width(), BelowIndent))
                {
                    output.WriteLine(line);
                }
            }
        }

        return code;
    }

    // A name and its description are side by side where there is room.
    private IEnumerable<string> Lines(string line)
    {
        var cells = width();
        if (Item().Match(line) is not { Success: true } item)
        {
            return TextLines.Wrap(line, cells);
        }

        var beside = item.Groups["name"].Length + item.Groups["gap"].Length;
        return cells - beside >= LeastBeside
            ? TextLines.Wrap(line, cells, beside)
            : TextLines.Wrap(item.Groups["name"].Value, cells, BelowIndent - 2)
                .Concat(TextLines.Wrap(new string(' ', BelowIndent) + item.Groups["text"].Value, cells, BelowIndent));
    }

    [GeneratedRegex(@"^(?<name>  \S.*?)(?<gap> {2,})(?<text>\S.*)$")]
    private static partial Regex Item();
}
