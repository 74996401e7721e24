using Microsoft.Extensions.Logging.Console;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Commands that work on the store alone, beside a running cluster or without one: <c>migrate</c>, <c>keys
/// create|list|revoke</c>,
/// <c>audit verify</c>, <c>store adopt</c>. They take the configuration of a silo, so each works on the store that the silo would
/// use. The first key of a cluster is made this way.
/// </summary>
internal static class StoreCommands
{
    private const string Usage =
        "Usage: 'keys create --name NAME --role VIEWER|SUBMITTER|ADMIN [--out FILE]', 'keys list', 'keys revoke ID', "
        + "'audit verify [--kept NUMBER:HASH]', 'store adopt'.";

    /// <summary>The command that the arguments name, or null.</summary>
    public static Func<Task<int>>? Find(string[] args) => args switch
    {
        ["migrate", .. var rest] => () => Run(rest, (services, _) => Migrate(services)),
        ["keys", "create", .. var rest] => () => Run(rest, CreateKey),
        ["keys", "list", .. var rest] => () => Run(rest, ListKeys),
        ["keys", "revoke", var id, .. var rest] => () => Run(rest, (services, _) => RevokeKey(services, id)),
        ["audit", "verify", .. var rest] => () => Run(rest, VerifyAudit),
        ["store", "adopt", .. var rest] => () => Run(rest, (services, _) => AdoptStore(services)),
        ["keys" or "audit" or "store", ..] => () => throw new StartRefusedException(Usage),
        _ => null,
    };

    private static async Task<int> Run(string[] args, Func<IServiceProvider, IConfiguration, Task<int>> command)
    {
        var builder = Host.CreateApplicationBuilder(ClusterHost.Arguments(args));
        builder.AddClusterDefaults();
        // What a command prints is taken by programs: 'keys create' prints the key and nothing else.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddStoreMark();
        using var host = builder.Build();
        // The command's own options come from its arguments alone: a machine may have a variable that is called NAME.
        return await command(host.Services, new ConfigurationBuilder().AddCommandLine(args).Build());
    }

    private static async Task<int> Migrate(IServiceProvider services)
    {
        await StoragePreparation.Migrate(services.GetRequiredService<SchemaMigrator>());
        return 0;
    }

    // With a file that holds a working key already nothing is made: a container may run this at each start.
    private static async Task<int> CreateKey(IServiceProvider services, IConfiguration configuration)
    {
        // Neither has a default: a slip must not make an administrator.
        if (configuration["name"] is not { Length: > 0 and <= 64 } name || configuration["role"] is null)
        {
            throw new StartRefusedException($"A key needs a name of 1 to 64 characters and a role. {Usage}");
        }

        if (!Enum.TryParse<AccessRole>(configuration["role"], ignoreCase: true, out var role) || !Enum.IsDefined(role))
        {
            throw new StartRefusedException($"'{configuration["role"]}' is not a role. Write VIEWER, SUBMITTER or ADMIN.");
        }

        await Migrate(services);
        var keys = services.GetRequiredService<IApiKeyStore>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var file = configuration["out"];
        if (file is not null && File.Exists(file)
            && await keys.Find((await File.ReadAllTextAsync(file)).Trim(), now, CancellationToken.None) is { } kept
            && kept.Role == role)
        {
            Console.Error.WriteLine($"{file} holds the key {kept.Id} already.");
            return 0;
        }

        var made = await keys.Create(name, role, now, expiresAt: null, CancellationToken.None);
        await Record(services, "key.create", made.Key.Id, $"{role} for {name}");
        if (file is null)
        {
            Console.WriteLine(made.Secret);
            return 0;
        }

        await SecretFile.Write(file, made.Secret + Environment.NewLine);
        Console.Error.WriteLine($"The key {made.Key.Id} ({role} for {name}) is in {file}.");
        return 0;
    }

    private static async Task<int> ListKeys(IServiceProvider services, IConfiguration configuration)
    {
        foreach (var key in await services.GetRequiredService<IApiKeyStore>().List(CancellationToken.None))
        {
            var end = key.RevokedAt is { } revoked ? $"revoked {revoked:u}" : key.ExpiresAt is { } expires
                ? $"expires {expires:u}" : "valid";
            Console.WriteLine($"{key.Id}\t{key.Role.ToString().ToUpperInvariant()}\t{key.Name}\t{end}");
        }

        return 0;
    }

    private static async Task<int> RevokeKey(IServiceProvider services, string id)
    {
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        if (!await services.GetRequiredService<IApiKeyStore>().Revoke(id, now, CancellationToken.None))
        {
            throw new StartRefusedException($"There is no key {id}, or it has ended already.");
        }

        await Record(services, "key.revoke", id, null);
        return 0;
    }

    private static async Task<int> VerifyAudit(IServiceProvider services, IConfiguration configuration)
    {
        AuditMark? kept = null;
        if (configuration["kept"] is { } text)
        {
            kept = AuditMark.TryParse(text)
                ?? throw new StartRefusedException($"'{text}' is not of the form NUMBER:HASH that 'audit verify' prints.");
        }

        var verdict = await services.GetRequiredService<IAuditLog>().Verify(kept, CancellationToken.None);
        Console.WriteLine(verdict.FirstBroken is { } broken
            ? $"The audit log is broken: entry {broken} of {verdict.Entries} is missing or not as it was written."
            : $"The audit log is intact: {verdict.Entries} entries."
            + $"{(verdict.Last is { } last ? $" Keep {last} elsewhere, for --kept." : "")}");
        return verdict.FirstBroken is null ? 0 : 1;
    }

    private static async Task<int> AdoptStore(IServiceProvider services)
    {
        var folder = services.GetRequiredService<ClusterPaths>().Artifacts;
        var adopted = await services.GetRequiredService<StoreMark>().Adopt(CancellationToken.None);
        await Record(services, "store.adopt", folder, $"{adopted.Id}, epoch {adopted.Epoch}");
        Console.Error.WriteLine(
            $"{folder} is this cluster's artifact store now. What it holds of jobs that the database does not know is removed "
            + "after Retention:UnknownJobs.");
        return 0;
    }

    private static Task<long> Record(IServiceProvider services, string action, string target, string? detail) =>
        services.GetRequiredService<IAuditLog>().Append(
            new AuditEvent(
                services.GetRequiredService<TimeProvider>().GetUtcNow(), $"user:{Environment.UserName}", action, target,
                "local command", "ok", detail),
            CancellationToken.None);
}
