using System.CommandLine;
using System.CommandLine.Parsing;

namespace Orleans.Cluster.Cli.Arguments;

/// <summary>
/// Options that lack their value, and switches that were given one. Of an option that takes a list, and so may be left out, the
/// library says nothing.
/// </summary>
internal static class ValueFaults
{
    /// <summary>One sentence for each fault, in the order of the line.</summary>
    public static IEnumerable<string> Of(ParseResult parsed, IReadOnlyList<string> args)
    {
        var command = parsed.CommandResult.Command;
        var known = Known(command).ToList();
        var line = args.TakeWhile(word => word != "--").ToList();
        for (var at = 0; at < line.Count; at++)
        {
            var (name, hasValue) = line[at].Split('=', 2) is [var before, _] ? (before, true) : (line[at], false);
            var option = known.Find(option => option.Name == name || option.Aliases.Contains(name));
            if (option is null)
            {
                continue;
            }

            if (option.ValueType == typeof(bool))
            {
                if (hasValue)
                {
                    yield return $"{name} takes no value.";
                }
            }
            else if (!hasValue)
            {
                at++;
                var next = at < line.Count ? line[at] : null;
                var nextName = next?.Split('=', 2)[0];
                if (next is null || known.Exists(other => other.Name == nextName || other.Aliases.Contains(nextName!)))
                {
                    at--;
                    yield return $"{name} needs a value.";
                }
                else if (next.StartsWith("--", StringComparison.Ordinal) && CommandLineFaults.IsOptionForm(next))
                {
                    yield return CommandLineFaults.UnknownOption(nextName!, command);
                }
            }
        }
    }

    // Help and version are left out: they take no value, and a value may begin with their question mark.
    private static IEnumerable<Option> Known(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>()
            .SelectMany(parent => parent.Options.Where(option => option.Recursive)))
            .Where(option => option.Action is null);
}
