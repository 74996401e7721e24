using System.CommandLine;
using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// What a gateway says, in the words of this tool: options in place of members of a document, commands in place of addresses.
/// </summary>
internal static partial class ToolWords
{
    private const string NoJob = "ID";

    private static readonly (Regex Found, string Words)[] Phrases =
    [
        Phrase(@"\b([Ss])et options\.header to true (if [^.;]*?), and to false (if [^.;]*)",
            "$1|give --header $2, and --no-header $3"),
        Phrase(@"\b([Ss])et options\.header to say whether", "$1|give --header or --no-header to say whether"),
        Phrase(@"options\.delimiter, quote and header\b", "--delimiter, --quote and --header"),
        Phrase(@"\b(?:in|set) options\.(?:columns)\b", "with --type"),
        Phrase(@"\boptions\.columns\b", "--type"),
        Phrase(@"\boptions\.header\b", "--header or --no-header"),
        Phrase(@"\boptions\.nullValues\b", "--null"),
        Phrase(@"\boptions\.skipLines\b", "--skip"),
        Phrase(@"\boptions\.headerLines\b", "--header-lines"),
        Phrase(@"\boptions\.hivePartitioning\b", "--hive-partitioning"),
        Phrase(@"\boptions\.unknownKeys\b", "--unknown-keys"),
        Phrase(@"\boptions\.(delimiter|quote|escape|comment|encoding|union|decimal|compression)\b", "--$1"),
        Phrase(@"\boutput\.path\b", "--output"),
        Phrase(@"\boutput\.(mode|format)\b", "--output-$1"),
        Phrase(@"\bresources\.memoryBytes\b", "--memory"),
        Phrase(@"\bpartitioning\.targetBytes\b", "--target-bytes"),
        Phrase(@"\b([Ss])et parameters\.(\w+) to ([\w-]+)", "$1|give --param $2=$3"),
        Phrase(@"\bin (--(?:encoding|null|union|quote|delimiter)\b)", "with $1"),
        Phrase(@"\b([Ss])et (--[a-z-]+) to ", "$1|give $2 "),
        Phrase(@"\b([Ss])et (--[a-z-]+)", "$1|give $2"),
        Phrase(@"\b(Name (?:it|the file)) in sources\b", "$1 with --source NAME=PATH"),
        Phrase("'(?:minWorkers)'", "--min"),
        Phrase("'(?:maxWorkers)'", "--max"),
        Phrase("Either 'workers'", "Either --workers"),
        Phrase("^The value must be a nextPageToken of this list",
            "The value must be a token that a page of this list ended with"),
        Phrase(@"(?<!-)\b([0-9]+) to 9223372036854775807", "$1 or more"),
        Phrase(@"(?<![\w/])/retry(?: it\b)?", "`{tool}retry {job}`"),
        Phrase(@"GET /result/parts\b", "`{tool}download {job} --list`"),
        Phrase(@"(?<![\w/])cluster/(status|start|stop|scale)\b", "`{tool}cluster $1`"),
        Phrase(@"POST /data/preview shows the columns and types of a source, and the operation profile describes them",
            "`{tool}schema FILE` shows columns; `{tool}submit profile` describes them"),
    ];

    /// <summary>A text of the gateway.</summary>
    /// <param name="text">What it says.</param>
    /// <param name="job">The job that it is about, where that is known.</param>
    public static string Of(string text, string? job = null)
    {
        text = NullWords().Replace(text, match => $"{match.Groups["set"].Value}|give {string.Join(' ', Words(match))}");
        foreach (var (found, words) in Phrases)
        {
            text = found.Replace(text, words);
        }

        return Begin().Replace(text, match => match.Groups["s"].Value == "S" ? "Give" : "give")
            .Replace("{tool}", Session.ProgramPrefix, StringComparison.Ordinal)
            .Replace("{job}", job ?? (JobIdForm().Match(text) is { Success: true, Value: var id } ? id : NoJob),
                StringComparison.Ordinal);
    }

    /// <summary>A fault of a request, with the option that it is about.</summary>
    public static string Of(Fault fault, ParseResult? parsed)
    {
        var says = Of(fault.Detail);
        if (OptionPlaces.Find(fault.Pointer, parsed) is not { } place)
        {
            return $"{(fault.Pointer.Length == 0 ? "/" : fault.Pointer)}: {says}";
        }

        if (UnknownValue().Match(says) is { Success: true } unknown)
        {
            var word = unknown.Groups["word"].Value;
            // Words are sent in upper case, and shown as they were typed.
            var typed = place.Values.FirstOrDefault(value => value.Equals(word, StringComparison.OrdinalIgnoreCase)) ?? word;
            var known = unknown.Groups["known"];
            return known.Success
                ? $"'{typed}' of {place.Name} is not one of {known.Value}"
                : $"'{typed}' of {place.Name} is not known.{unknown.Groups["rest"].Value}";
        }

        if (UnknownField().Match(says) is { Success: true } field && place.Name.Contains(' ', StringComparison.Ordinal))
        {
            return $"{place.Name}: The operation has no such parameter.{field.Groups["near"].Value}";
        }

        if (says == "The text is empty.")
        {
            return $"{place.Name} must not be empty.";
        }

        if (Must().Match(says) is { Success: true } must)
        {
            return $"{place.Name} {must.Groups["rest"].Value}";
        }

        return Required().Match(says) is { Success: true } required && !place.Name.Contains(' ', StringComparison.Ordinal)
            ? $"{place.Name} is required: {Lower(required.Groups["what"].Value)}."
            : $"{place.Name}: {says}";
    }

    private static string Lower(string text) => char.ToLowerInvariant(text[0]) + text[1..];

    private static IEnumerable<string> Words(Match match) => ListedWord().Matches(match.Groups["words"].Value)
        .Select(word => $"--null {Quoted(word.Groups["word"].Value)}");

    /// <summary>A word as a shell takes it.</summary>
    internal static string Quoted(string word) =>
        PlainWord().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static (Regex Found, string Words) Phrase(string pattern, string words) =>
        (new Regex(pattern, RegexOptions.CultureInvariant), words);

    [GeneratedRegex(@"\b(?<set>[Ss])et options\.nullValues to \[(?<words>[^\]]*)\]")]
    private static partial Regex NullWords();

    [GeneratedRegex("\"(?<word>[^\"]*)\"")]
    private static partial Regex ListedWord();

    [GeneratedRegex("^[A-Za-z0-9_./+-]+$")]
    private static partial Regex PlainWord();

    [GeneratedRegex(@"\b(?<s>[Ss])\|give\b")]
    private static partial Regex Begin();

    [GeneratedRegex(@"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")]
    private static partial Regex JobIdForm();

    [GeneratedRegex(@"^Unknown value '(?<word>.*?)'\.(?:\s*Known: (?<known>.*)|(?<rest>.*))$", RegexOptions.Singleline)]
    private static partial Regex UnknownValue();

    [GeneratedRegex(@"^Unknown field '[^']*'\.(?<near> Did you mean .*| Known: .*)?", RegexOptions.Singleline)]
    private static partial Regex UnknownField();

    [GeneratedRegex("^(?:The value|It) (?<rest>must .*)$", RegexOptions.Singleline)]
    private static partial Regex Must();

    [GeneratedRegex(@"^(?<what>.*?),? (?:is|are) required\.$", RegexOptions.Singleline)]
    private static partial Regex Required();
}
