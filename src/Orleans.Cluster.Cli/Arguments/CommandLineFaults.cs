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
        var strays = parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .Where(value => OptionForm().IsMatch(value) && !StandsBehindDashes(args, value)).ToList();
        var unknown = strays.Concat(parsed.UnmatchedTokens).Distinct().ToList();
        // A stray option shifts what follows into wrong places, which would be told as faults of their own.
        if (unknown.Where(word => OptionForm().IsMatch(word)).ToList() is { Count: > 0 } options)
        {
            return [.. options.Select(word => UnknownOption(word.Split('=')[0], command))];
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

    private static string UnknownOption(string name, Command command) =>
        $"Unknown option '{name}'.{Suggest(name, Options(command))}";

    private static string UnknownWord(string word, Command command) => command.Subcommands.Count == 0
        ? $"Unexpected argument '{word}'."
        : $"Unknown command '{word}'.{Suggest(word, Commands(command))}";

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

        return Unparsable().Match(message) is { Success: true } match
            ? $"'{match.Groups["value"]}' of {match.Groups["name"]} is not {Kind(match.Groups["name"].Value, command)}."
            : message;
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
}
