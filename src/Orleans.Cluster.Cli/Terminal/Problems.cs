using System.CommandLine;
using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>An error document in words of this tool: each fault once, then what to do.</summary>
internal static partial class Problems
{
    private const int LongestNullWord = 8;

    public static void Write(CliConsole console, ProblemDocument problem, ParseResult? parsed = null)
    {
        foreach (var line in MarkedLines.Fit([.. Lines(problem, parsed)], console.Notes.Profile.Width))
        {
            console.NotesText.WriteLine(line);
        }
    }

    internal static IEnumerable<string> Lines(ProblemDocument problem, ParseResult? parsed = null)
    {
        var faults = problem.Errors ?? [];
        if (faults.Count > 1)
        {
            // The detail counts them and repeats the first.
            yield return $"{problem.Title} ({problem.Code})";
        }
        else
        {
            // A query's error has its line and a mark below, which nothing may follow.
            var lines = Detail(problem, parsed).Split('\n');
            yield return $"{lines[0]} ({problem.Code})";
            foreach (var line in lines.Skip(1).Where(line => line.Length > 0))
            {
                yield return line;
            }
        }

        foreach (var fault in faults.Where(fault => faults.Count > 1
            || !problem.Detail.Contains(fault.Detail, StringComparison.Ordinal)))
        {
            yield return $"  {ToolWords.Of(fault, parsed)}" + (fault.Code == problem.Code ? "" : $" ({fault.Code})");
        }

        if ((problem.Hint is { } told ? ToolWords.Of(told, Job(problem)) : Advice(problem)) is { } hint)
        {
            yield return $"Hint: {hint}";
        }

        // Only what nobody foresaw has to be looked up in a log.
        if (problem is { Status: >= 500, TraceId: { } trace })
        {
            yield return $"Trace: {trace}";
        }
    }

    // The detail of a single fault begins with its place.
    private static string Detail(ProblemDocument problem, ParseResult? parsed) =>
        problem.Errors is [var only] && problem.Detail == $"{only.Pointer}: {only.Detail}"
            ? ToolWords.Of(only, parsed)
            : ToolWords.Of(problem.Detail, Job(problem));

    private static string? Job(ProblemDocument problem) =>
        JobIdForm().Match($"{problem.Detail} {problem.Instance}") is { Success: true, Value: var id } ? id : null;

    private static string? Advice(ProblemDocument problem) => problem.Code switch
    {
        "unauthenticated" =>
            "Give a key in ORLEANS_CLUSTER_API_KEY or with --api-key; an administrator makes one with `keys create`.",
        "forbidden" =>
            "Ask an administrator for a key with that role: `keys create --role SUBMITTER`, or ADMIN for the cluster and its "
                + "keys.",
        "bad-row" => $"{NullAdvice(problem.Detail)}--on-bad-row QUARANTINE sets such rows aside, and the job goes on.",
        _ => null,
    };

    // A short value without a digit, where a number or a time is wanted, is often a word for NULL.
    private static string NullAdvice(string detail) =>
        BadValue().Match(detail) is { Success: true } match && match.Groups["value"] is { Value: var value }
        && value.Length is > 0 and <= LongestNullWord && !value.Any(char.IsAsciiDigit) && match.Groups["type"].Value != "VARCHAR"
            ? $"If '{value}' stands for NULL, give --null {ToolWords.Quoted(value)}. " : "";

    [GeneratedRegex(@"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")]
    private static partial Regex JobIdForm();

    [GeneratedRegex("value '(?<value>[^']*)' is not a valid (?<type>[A-Z]+)")]
    private static partial Regex BadValue();
}
