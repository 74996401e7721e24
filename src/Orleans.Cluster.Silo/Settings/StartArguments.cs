using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>
/// What a silo's command line may hold: a command with its options, and settings. The platform passes over what it does not
/// understand, so that a slip would start a cluster that is not the one that was asked for.
/// </summary>
internal static class StartArguments
{
    public const string Usage =
        """
        Runs one process of an Orleans.Cluster: a gateway, or a worker with --Cluster:Role=Worker.

          Orleans.Cluster.Silo [--KEY=VALUE ...]      settings such as --Urls=http://127.0.0.1:8001 --Cluster:Workers=4
          Orleans.Cluster.Silo migrate                makes or renews the database's schema
          Orleans.Cluster.Silo backup --to FOLDER     copies database, artifacts and secrets beside a running cluster
          Orleans.Cluster.Silo restore --from FOLDER  fills an empty database and state directory
          Orleans.Cluster.Silo keys create --name NAME --role VIEWER|SUBMITTER|ADMIN [--out FILE]
          Orleans.Cluster.Silo keys list | keys revoke ID
          Orleans.Cluster.Silo audit verify [--kept NUMBER:HASH]
          Orleans.Cluster.Silo store adopt            makes the folder of Cluster:ArtifactStore this database's own
          Orleans.Cluster.Silo certificate create --out FILE [--days 3650]
          Orleans.Cluster.Silo certificate client --from FILE --out FILE
          Orleans.Cluster.Silo --version | --help
        """;

    // How many words each command has, and the options of its own.
    private static readonly (string[] Words, int Count, string[] Options)[] Commands =
    [
        (["migrate"], 1, []),
        (["backup"], 1, ["to"]),
        (["restore"], 1, ["from"]),
        (["keys", "create"], 2, ["name", "role", "out"]),
        (["keys", "list"], 2, []),
        (["keys", "revoke"], 3, []),
        (["audit", "verify"], 2, ["kept"]),
        (["store", "adopt"], 2, []),
        (["certificate", "create"], 2, ["out", "days"]),
        (["certificate", "client"], 2, ["from", "out"]),
    ];

    /// <summary>Whether somebody asks what can be written here.</summary>
    public static bool AsksForHelp(string[] args) => args is ["help", ..] || args.Any(word => word is "--help" or "-h" or "-?");

    /// <summary>Whether somebody asks which version this is.</summary>
    public static bool AsksForVersion(string[] args) => args is ["--version", ..];

    /// <exception cref="StartRefusedException">The first argument is neither a command nor a setting.</exception>
    public static void RefuseUnknownCommand(string[] args)
    {
        if (args is [[not ('-' or '/'), ..] word, ..] && !word.Contains('=', StringComparison.Ordinal)
            && !Commands.Any(command => command.Words[0] == word))
        {
            throw Usual(
                SettingNames.IsKnown(word)
                ? NeedsValue($"--{word}")
                : $"Unknown command '{word}'. Commands: migrate, backup, restore, keys, audit, store, certificate. See --help.");
        }
    }

    /// <summary>Ends a start whose command line has a word that nothing reads, or a setting without its value.</summary>
    /// <exception cref="StartRefusedException">Each fault is named.</exception>
    public static void RefuseFaults(string[] args)
    {
        RefuseUnknownCommand(args);
        if (FindFaults(args).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } faults)
        {
            throw Usual(string.Join(Environment.NewLine, faults));
        }
    }

    /// <exception cref="StartRefusedException">A secret is given where every user of the machine can read it.</exception>
    public static void RefuseSecrets(string[] args)
    {
        if (args.Any(argument => argument.TrimStart('-', '/')
            .StartsWith("S3:SecretAccessKey", StringComparison.OrdinalIgnoreCase)))
        {
            throw new StartRefusedException(
                "S3:SecretAccessKey on a command line can be read by every user of this machine. Set S3__SecretAccessKey in the "
                + "environment, or put it in a settings file.");
        }
    }

    private static IEnumerable<string> FindFaults(string[] args)
    {
        var command = Array.Find(Commands, some => args.Take(some.Words.Length).SequenceEqual(some.Words));
        if (command.Words is null && args is [[not ('-' or '/'), ..] word, ..] && !word.Contains('=', StringComparison.Ordinal))
        {
            // A command without its second word says itself which there are.
            yield break;
        }

        var options = command.Options ?? [];
        for (var i = command.Count; i < args.Length; i++)
        {
            var (name, hasValue) = Split(args[i]);
            var isSwitch = args[i].StartsWith("--", StringComparison.Ordinal) || args[i].StartsWith('/');
            if (name.Length == 0 || (!isSwitch && !hasValue && !SettingNames.IsKnown(name)))
            {
                yield return args[i].StartsWith('-')
                    ? $"Unknown option '{args[i]}'. See --help."
                    : $"Unknown argument '{args[i]}'. Settings are written as --KEY=VALUE. See --help.";
                continue;
            }

            var isOption = options.Contains(name, StringComparer.OrdinalIgnoreCase);
            var next = isSwitch && !hasValue && i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal)
                ? args[i + 1] : null;
            if (!isOption && !SettingNames.IsKnown(name))
            {
                yield return hasValue || name.Contains(':', StringComparison.Ordinal) || SettingNames.Guess(name) is not null
                    ? SettingNames.Unknown(name)
                    : $"Unknown option '{args[i]}'. See --help.";
            }
            else if (!hasValue && next is null)
            {
                yield return NeedsValue(isSwitch ? args[i] : $"--{name}");
            }
            else if (!isOption && SettingForms.FaultOf(name, next ?? ValueOf(args[i])) is { } fault)
            {
                yield return fault;
            }

            i += next is null ? 0 : 1;
        }
    }

    private static string NeedsValue(string option) => $"{option} needs a value.";

    private static (string Name, bool HasValue) Split(string argument)
    {
        var bare = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..]
            : argument.StartsWith('/') ? argument[1..] : argument.StartsWith('-') ? "" : argument;
        var equals = bare.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (bare, false) : (bare[..equals], true);
    }

    private static string ValueOf(string argument) => argument[(argument.IndexOf('=', StringComparison.Ordinal) + 1)..];

    private static StartRefusedException Usual(string message) => new(message) { IsUsage = true };
}
