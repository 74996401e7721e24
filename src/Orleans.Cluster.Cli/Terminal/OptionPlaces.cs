using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// The one table from a place in a request (a JSON pointer, or <c>?name</c> of a query) to the option or argument that writes it.
/// </summary>
internal static class OptionPlaces
{
    private const string Source = "^/(?:source|sources/[^/]+)";

    private static readonly (Regex Place, string[] Names)[] Places =
    [
        At($"{Source}/options/delimiter$", "--delimiter"),
        At($"{Source}/options/header$", "--no-header", "--header"),
        At($"{Source}/options/nullValues", "--null"),
        At($"{Source}/options/encoding$", "--encoding"),
        At($"{Source}/options/comment$", "--comment"),
        At($"{Source}/options/quote$", "--quote"),
        At($"{Source}/options/skipLines$", "--skip"),
        At($"{Source}/options/union$", "--union"),
        At($"{Source}/options/headerLines$", "--header-lines"),
        At($"{Source}/options/escape$", "--escape"),
        At($"{Source}/options/decimal$", "--decimal"),
        At($"{Source}/options/compression$", "--compression"),
        At($"{Source}/options/hivePartitioning$", "--hive-partitioning"),
        At($"{Source}/options/unknownKeys$", "--unknown-keys"),
        At($"{Source}/options/columns", "--type"),
        At($"{Source}/format$", "--format"),
        At($"{Source}(?:/path(?:/(?<n>[0-9]+))?)?$", "--path", "path", "--source"),
        At("^/sources", "--source"),
        At("^/operation$", "operation"),
        At("^/parameters/groupBy", "--group-by"),
        At("^/parameters/aggregates(?:/(?<n>[0-9]+))?", "--agg"),
        At("^/parameters/columns", "--columns"),
        At("^/parameters/where$", "--where"),
        At("^/parameters/having$", "--having"),
        At("^/parameters/(?:orderBy|by)(?:/|$)", "--order-by"),
        At("^/parameters/limit$", "--limit"),
        At("^/parameters/query$", "query", "--sql"),
        At("^/parameters/on(?:/|$)", "--on"),
        At("^/parameters/how$", "--how"),
        At("^/parameters/left$", "--left"),
        At("^/parameters/right$", "--right"),
        At("^/parameters/(?<name>[^/]+)", "--param"),
        At("^/output/path$", "--output"),
        At("^/output/format$", "--output-format"),
        At("^/output/mode$", "--output-mode"),
        At("^/name$", "--name"),
        At("^/priority$", "--priority"),
        At("^/onBadRow$", "--on-bad-row"),
        At("^/partitioning/targetBytes$", "--target-bytes"),
        At("^/resources/memoryBytes$", "--memory"),
        At("^/labels", "--label"),
        At("^[/?]limit$", "--rows", "--limit"),
        At(@"^\?pageSize$", "--limit"),
        At(@"^\?pageToken$", "--page-token"),
        At(@"^\?offset$", "--offset"),
        At(@"^\?createdAfter$", "--created-after"),
        At(@"^\?createdBefore$", "--created-before"),
        At(@"^\?label", "--label"),
        At(@"^\?(?<same>status|priority|operation|format|since|step|from|to|path)$"),
        At("^/workers$", "--workers"),
        At("^/minWorkers$", "--min"),
        At("^/maxWorkers$", "--max"),
        At("^/slotsPerWorker$", "--slots"),
        At("^/expiresAt$", "--expires"),
        At("^/role$", "--role"),
        At("^/query$", "query"),
        At("^/path$", "path"),
    ];

    /// <summary>
    /// What writes a place on the line that was parsed; null where nothing of it does, such as a place in a job's file.
    /// </summary>
    public static OptionPlace? Find(string pointer, ParseResult? parsed)
    {
        foreach (var (place, names) in Places)
        {
            if (place.Match(pointer) is not { Success: true } match)
            {
                continue;
            }

            var candidates = match.Groups["same"] is { Success: true, Value: var same } ? [$"--{same}"] : names;
            return parsed is null ? new OptionPlace(Shown(candidates[0]), []) : Choose(candidates, match, parsed);
        }

        return null;
    }

    /// <summary>The option of a pointer, whatever the command; null when there is none.</summary>
    public static string? Name(string pointer) => Find(pointer, null)?.Name;

    private static OptionPlace? Choose(string[] names, Match match, ParseResult parsed)
    {
        var has = names.Select(name => (Name: name, Given: Given(name, parsed))).Where(pair => pair.Given is not null).ToList();
        // Of a job in a file a place is where the reader looks, unless the line has the option too.
        var chosen = has.Find(pair => pair.Given is { Count: > 0 });
        if (chosen.Name is null && (has.Count == 0 || Given("--file", parsed) is { Count: > 0 }))
        {
            return null;
        }

        var (option, values) = chosen.Name is null ? has[0] : chosen;
        var which = match.Groups["n"] is { Success: true, Value: var n } && int.Parse(n, Invariant) < values!.Count
            && option.StartsWith("--", StringComparison.Ordinal) ? $" {values[int.Parse(n, Invariant)]}"
            : match.Groups["name"] is { Success: true, Value: var named } ? $" {named}" : "";
        return new OptionPlace(Shown(option) + which, values!);
    }

    // What was typed for an option or an argument of the command; null when the command has none of that name.
    private static List<string>? Given(string name, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        SymbolResult? result;
        if (command.Options.FirstOrDefault(option => option.Name == name) is { } option)
        {
            result = parsed.GetResult(option);
        }
        else if (command.Arguments.FirstOrDefault(argument => argument.Name == name) is { } argument)
        {
            result = parsed.GetResult(argument);
        }
        else
        {
            return null;
        }

        return [.. (result?.Tokens ?? []).Select(token => token.Value)];
    }

    private static string Shown(string name) => name.StartsWith('-') ? name : $"<{name}>";

    private static (Regex Place, string[] Names) At(string pattern, params string[] names) =>
        (new Regex(pattern, RegexOptions.CultureInvariant), names);

    private static System.Globalization.CultureInfo Invariant => System.Globalization.CultureInfo.InvariantCulture;
}

/// <summary>An option or argument, and what was typed for it.</summary>
/// <param name="Name">
/// As help shows it: <c>--skip</c>, <c>&lt;query&gt;</c>; with its value where it may be given several times.
/// </param>
/// <param name="Values">The words of the line.</param>
internal sealed record OptionPlace(string Name, IReadOnlyList<string> Values);
