using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>Which keys nothing reads, and what was probably meant by them.</summary>
internal static class SettingNames
{
    private const string Connections = "ConnectionStrings";
    private const string Postgres = $"{Connections}:Postgres";

    // What the platform reads: its own keys, and what programs beside this one in the process may need.
    private static readonly string[] Platform =
    [
        "Urls", "Logging", "Kestrel", "AllowedHosts", "http_ports", "https_ports", "environment", "contentRoot",
        "applicationName", "webroot", "hostBuilder", "Metrics", "OpenTelemetry", "Orleans", "AWS", "detailedErrors",
        "captureStartupErrors", "startupAssembly", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies",
        "preventHostingStartup", "preferHostingUrls", "suppressStatusMessages", "shutdownTimeoutSeconds",
        "servicesStartConcurrently", "servicesStopConcurrently", "staticWebAssets", "forwardedHeaders_enabled",
    ];

    private static readonly string[] PlatformPrefixes = ["OTEL_", "ASPNETCORE_", "DOTNET_", "AWS_"];

    private static readonly string[] Suggested =
        [.. KnownSettings.All.Values.Where(setting => setting.Kind != SettingKind.Section).Select(setting => setting.Key),
            "Urls", Postgres];

    /// <summary>Whether something reads the key, as far as its name tells.</summary>
    public static bool IsKnown(string key) => KnownSettings.Nearest(key) is { } found
        ? found.Kind != SettingKind.Section || found.Key.Length == key.Length
        : IsPlatforms(key);

    /// <summary>A sentence about a key that nothing reads, with the nearest known one.</summary>
    public static string Unknown(string key) => $"Unknown setting {key}. "
        + (Guess(key) is { } near ? $"Did you mean {near}?" : "SETTINGS.md lists them all.");

    /// <summary>The known key that was probably meant; null when none is near.</summary>
    public static string? Guess(string key)
    {
        if (KnownSettings.Nearest(key) is { } section)
        {
            var below = Suggested.Where(known => known.StartsWith(section.Key + ":", StringComparison.OrdinalIgnoreCase))
                .Select(known => known[(section.Key.Length + 1)..]).ToList();
            return NearestName.Find(key[(section.Key.Length + 1)..], below) is { } near ? $"{section.Key}:{near}" : SameEnd(key);
        }

        return SameEnd(key) is { } same && !key.Contains(':', StringComparison.Ordinal) ? same
            : NearestName.Find(key, Suggested.Where(known => Depth(known) == Depth(key)))
                ?? (key.Contains(':', StringComparison.Ordinal) ? SameEnd(key) : NearEnd(key));
    }

    /// <summary>
    /// Sentences about keys that nothing reads in files and variables: those below a section of ours, and those of a section
    /// whose name is nearly that of one. Whatever else the environment holds is not ours.
    /// </summary>
    public static IEnumerable<string> FindUnknown(IConfiguration configuration) => configuration.AsEnumerable()
        .Where(setting => setting.Value is not null && !IsKnown(setting.Key) && MayBeOurs(setting.Key))
        .Select(setting => Unknown(setting.Key)).Order(StringComparer.OrdinalIgnoreCase);

    private static bool MayBeOurs(string key) => KnownSettings.Nearest(key) is not null
        || (key.Contains(':', StringComparison.Ordinal) && Guess(key) is { } near && Depth(near) == Depth(key)
            && End(near).Equals(End(key), StringComparison.OrdinalIgnoreCase)
            && NearestName.Find(Root(key), [Root(near)]) is not null);

    private static bool IsPlatforms(string key)
    {
        var root = Root(key);
        return root.Equals(Connections, StringComparison.OrdinalIgnoreCase)
            ? key.Equals(Postgres, StringComparison.OrdinalIgnoreCase) || NearestName.Find(End(key), [End(Postgres)]) is null
            : Platform.Contains(root, StringComparer.OrdinalIgnoreCase)
                || PlatformPrefixes.Any(prefix => root.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
    }

    private static string? SameEnd(string key) =>
        Suggested.FirstOrDefault(known => End(known).Equals(End(key), StringComparison.OrdinalIgnoreCase));

    private static string? NearEnd(string key) =>
        NearestName.Find(key, Suggested.Select(End)) is { } end ? SameEnd(end) : null;

    private static string End(string key) => key[(key.LastIndexOf(':') + 1)..];

    private static string Root(string key) => key.Split(':')[0];

    private static int Depth(string key) => key.Count(letter => letter == ':');
}
