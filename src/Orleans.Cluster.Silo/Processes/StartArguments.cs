using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>What a silo's command line may hold besides settings. A word that nobody knows must not start a gateway.</summary>
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
        """;

    /// <summary>Sections below <c>Cluster</c> that are not properties of <see cref="ClusterSettings"/>.</summary>
    private static readonly string[] OtherKeys = ["Tls", "Epoch"];

    /// <summary>Whether somebody asks what can be written here.</summary>
    public static bool AsksForHelp(string[] args) => args is ["--help" or "-h" or "-?" or "help", ..];

    /// <exception cref="StartRefusedException">The first argument is neither a command nor a setting.</exception>
    public static void RefuseUnknownCommand(string[] args)
    {
        if (args is [[not ('-' or '/'), ..] word, ..] && !word.Contains('=', StringComparison.Ordinal))
        {
            throw new StartRefusedException(
                $"Unknown command '{word}'. Commands: migrate, backup, restore, keys, audit, store, certificate. See --help.");
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

    /// <summary>Settings below <c>Cluster</c> that nothing reads: most are misspelt.</summary>
    public static IEnumerable<string> FindUnknownSettings(IConfiguration configuration)
    {
        string[] known = [.. typeof(ClusterSettings).GetProperties()
            .Where(property => property.CanWrite).Select(property => property.Name), .. OtherKeys];
        foreach (var child in configuration.GetSection(ClusterSettings.Section).GetChildren())
        {
            if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"Unknown setting {ClusterSettings.Section}:{child.Key}. {Suggestion.For(child.Key, known)}";
            }
        }
    }
}
