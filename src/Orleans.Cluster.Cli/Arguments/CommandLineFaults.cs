using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Arguments;

/// <summary>
/// What is wrong with a command line, in the words of this tool. A misspelt option is never taken for the value of an argument.
/// </summary>
internal static partial class CommandLineFaults
{
    private const string CommandMissing = "Required command was not provided";
    private const string ArgumentMissing = "Required argument missing for command";

    /// <summary>One sentence for each fault; empty when the line can run.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed, IReadOnlyList<string> args)
    {
        var command = parsed.CommandResult.Command;
        // A value that is missing or too much shifts what follows, as a stray option does.
        if (ValueFaults.Of(parsed, args).ToList() is { Count: > 0 } values)
        {
            return values;
        }

        var strays = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .Where(value => OptionForm().IsMatch(value) && !StandsBehindDashes(args, value)).ToList();
        var unknown = strays.Concat(parsed.UnmatchedTokens).Distinct().ToList();
        // A stray option shifts what follows into wrong places, which would be told as faults of their own.
        if (unknown.Where(word => OptionForm().IsMatch(word)).ToList() is { Count: > 0 } options)
        {
            return [.. options.Select(word => StandsBehindDashes(args, word)
                ? $"'{word}' comes after --, where no option is read."
                : UnknownOption(word.Split('=')[0], command))];
        }

        return unknown.Count > 0
            ? [UnknownWord(unknown[0], command)]
            : [.. parsed.Errors.Select(error => InWords(error.Message, parsed)).Distinct()];
    }

    /// <summary>
    /// The same of a line that asks for help: of a command that does not exist there is none. A shell asks for half a word.
    /// </summary>
    public static IReadOnlyList<string> OfHelp(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return command.Subcommands.Count > 0 && !parsed.Tokens.Any(token => token.Type == TokenType.Directive)
            && parsed.UnmatchedTokens.FirstOrDefault(word => !OptionForm().IsMatch(word)) is { } word
            ? [UnknownWord(word, command)]
            : [];
    }

    /// <summary>How to get the help of the command that was meant.</summary>
    public static string SeeHelp(ParseResult parsed, string toolName)
    {
        var names = new List<string>();
        for (SymbolResult? at =
            parsed.CommandResult; at is CommandResult { Command: not RootCommand } command; at = command.Parent)
        {
            names.Insert(0, command.Command.Name);
        }

        return $"See: {string.Join(' ', names.Prepend(toolName))} --help";
    }

    /// <summary>
    /// Words of an enum as a command line takes them: operations in lower case, as everywhere, the others in upper case.
    /// </summary>
    public static IEnumerable<string> Words(Type type) =>
        Enum.GetNames(type).Select(word => type == typeof(OperationKind) ? word.ToLowerInvariant() : word.ToUpperInvariant());

    /// <summary>Whether a word is written as an option is.</summary>
    public static bool IsOptionForm(string word) => OptionForm().IsMatch(word);

    /// <summary>What is told of an option that a command does not have.</summary>
    public static string UnknownOption(string name, Command command) =>
        $"Unknown option '{name}'.{Suggest(name, Options(command))}";

    // A shell parts a query at its spaces unless it is quoted.
    private static string UnknownWord(string word, Command command) => command switch
    {
        { Subcommands.Count: > 0 } => $"Unknown command '{word}'.{Suggest(word, Commands(command))}",
        _ when command.Arguments is [.., { Name: "query" }] => $"Unexpected argument '{word}'. Put the query in quotes.",
        _ => $"Unexpected argument '{word}'.",
    };

    // The library names types of .NET, and says less than it knows.
    private static string InWords(string message, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (message.StartsWith(CommandMissing, StringComparison.Ordinal))
        {
            return $"Name a command: {string.Join(", ", Commands(command))}.";
        }

        if (message.StartsWith(ArgumentMissing, StringComparison.Ordinal))
        {
            var missing = command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0
                && parsed.GetResult(argument) is not { Tokens.Count: > 0 });
            return $"Missing: {string.Join(", ", missing.Select(argument => $"<{argument.Name}>"))}.";
        }

        if (Unparsable().Match(message) is { Success: true } match)
        {
            return $"'{match.Groups["value"]}' of {match.Groups["name"]} is not {Kind(match.Groups["name"].Value, command)}.";
        }

        if (NotAmong().Match(message) is { Success: true } choice)
        {
            var words = QuotedLine().Matches(message).Select(line => line.Groups["word"].Value).ToList();
            var asked = command.Arguments.FirstOrDefault(argument =>
                parsed.GetResult(argument)?.Tokens.Any(token => token.Value == choice.Groups["value"].Value) == true);
            return $"'{choice.Groups["value"]}'{(asked is null ? "" : $" of <{asked.Name}>")} is not one of "
                + $"{string.Join(", ", words)}.";
        }

        if (TooOften().Match(message) is { Success: true } often)
        {
            return $"Give {often.Groups["name"]} once; it is here {often.Groups["count"]} times.";
        }

        return AbsentOption().Match(message) is { Success: true } absent ? $"{absent.Groups["name"]} is required." : message;
    }

    private static string Kind(string name, Command command)
    {
        var declared = command.Options.FirstOrDefault(option => option.Name == name)?.ValueType
            ?? command.Arguments.FirstOrDefault(argument => argument.Name == name)?.ValueType ?? typeof(string);
        var type = Nullable.GetUnderlyingType(declared.GetElementType() ?? declared) ?? declared.GetElementType() ?? declared;
        return type switch
        {
            { IsEnum: true } => $"one of {string.Join(", ", Words(type))}",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z",
            _ when type == typeof(bool) => "true or false",
            _ => "what it should be",
        };
    }

    private static string Suggest(string word, IEnumerable<string> known) =>
        NearestWord.Find(word, known) is { } near ? $" Did you mean '{near}'?" : "";

    private static IEnumerable<string> Commands(Command command) =>
        command.Subcommands.Where(child => !child.Hidden).Select(child => child.Name);

    private static IEnumerable<string> Options(Command command)
    {
        var own = command.Options.SelectMany(option => option.Aliases.Prepend(option.Name));
        return command.Parents.OfType<Command>()
            .Aggregate(own,
                (found, parent) => found.Concat(parent.Options.Where(option => option.Recursive).Select(option => option.Name)));
    }

    private static bool StandsBehindDashes(IReadOnlyList<string> args, string value)
    {
        var dashes = args.ToList().IndexOf("--");
        return dashes >= 0 && args.Skip(dashes + 1).Contains(value);
    }

    // A query may begin with a comment, a number with a sign, and a lone dash means standard input.
    [GeneratedRegex(@"^--?[A-Za-z][\w-]*(=.*)?$", RegexOptions.Singleline)]
    private static partial Regex OptionForm();

    [GeneratedRegex("^Cannot parse argument '(?<value>.*)' for (?:option|argument|command) '(?<name>[^']*)' as expected type ",
        RegexOptions.Singleline)]
    private static partial Regex Unparsable();

    [GeneratedRegex("^Argument '(?<value>.*?)' not recognized\\. Must be one of:", RegexOptions.Singleline)]
    private static partial Regex NotAmong();

    [GeneratedRegex(@"^\s+'(?<word>[^']*)'\s*$", RegexOptions.Multiline)]
    private static partial Regex QuotedLine();

    [GeneratedRegex("^Option '(?<name>[^']*)' expects a single argument but (?<count>[0-9]+) were provided")]
    private static partial Regex TooOften();

    [GeneratedRegex("^Option '(?<name>[^']*)' is required")]
    private static partial Regex AbsentOption();
}
