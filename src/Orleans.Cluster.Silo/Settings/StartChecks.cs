using System.Security.Cryptography.X509Certificates;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Silo.Transport;
using Orleans.Cluster.Storage;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>
/// Whether a process can start with its settings. All that can be known before a host is built is looked at here: a refusal later
/// takes seconds of a processor, and may come with the words of whatever part met the fault.
/// </summary>
internal static class StartChecks
{
    private const string DefaultCertificate = "Kestrel:Certificates:Default";
    private const string DevelopersCertificate = "Kestrel:Certificates:Development";

    // Marks the certificate that the platform's tools make for developers, which the server finds by itself.
    private const string OfDeveloper = "1.3.6.1.4.1.311.84.1.1";

    /// <exception cref="StartRefusedException">Each fault is a sentence of its own.</exception>
    public static void Refuse(IConfiguration configuration, SiloRole role)
    {
        var isGateway = role == SiloRole.Gateway;
        Refuse(SettingForms.FindFaults(configuration, section => SettingForms.IsInUse(section, configuration, isGateway))
            .Concat(LevelFaults(configuration)).Concat(MissingFiles(configuration, isGateway)));
        StorageConnection.RefuseFaults(configuration);
        ExecutorProgram.RefuseMissing(configuration[$"{ClusterSettings.Section}:{nameof(ClusterSettings.ExecutorPath)}"]);
        if (configuration.GetSection(SiloTlsOptions.Section).Get<SiloTlsOptions>() is { } tls)
        {
            SiloTlsExtensions.Load(tls);
        }

        if (isGateway)
        {
            Refuse(ListenAddresses.FindMalformed(ListenAddresses.InUse(configuration)).Concat(CertificateFaults(configuration)));
        }
    }

    /// <summary>What a command of the store's needs: the settings of the section that says where things are.</summary>
    /// <exception cref="StartRefusedException">Each fault is a sentence of its own.</exception>
    public static void RefuseForCommand(IConfiguration configuration)
    {
        Refuse(SettingForms.FindFaults(configuration, section => section.Type == typeof(ClusterSettings)));
        StorageConnection.RefuseFaults(configuration);
    }

    private static void Refuse(IEnumerable<string> found)
    {
        if (found.Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } faults)
        {
            throw new StartRefusedException(string.Join(Environment.NewLine, faults));
        }
    }

    private static IEnumerable<string> LevelFaults(IConfiguration configuration) => configuration.GetSection("Logging")
        .AsEnumerable()
        .Where(setting => setting.Value is { Length: > 0 }
            && setting.Key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase)
            && !Enum.TryParse<LogLevel>(setting.Value, ignoreCase: true, out _))
        .Select(setting => $"Setting {setting.Key} cannot be '{setting.Value}'. "
            + $"It is one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");

    // Their own names are in the sentence: the platform says no more than that a file could not be found.
    private static IEnumerable<string> MissingFiles(IConfiguration configuration, bool isGateway) =>
        FileKeys(configuration, isGateway)
            .Where(key => configuration[key] is { Length: > 0 })
            .Select(key => (Key: key, File: key.StartsWith("Kestrel", StringComparison.Ordinal)
                ? Path.Combine(ServersFolder(configuration), configuration[key]!) : configuration[key]!))
            .Where(named => !File.Exists(named.File))
            .Select(named => Directory.Exists(named.File)
                ? $"{named.File} is a folder, and {named.Key} must name a file."
                : $"There is no file {named.File} ({named.Key}).");

    // Where the server looks for files that it is given by relative paths.
    private static string ServersFolder(IConfiguration configuration) =>
        configuration["contentRoot"] is { Length: > 0 } folder ? folder : "";

    private static IEnumerable<string> FileKeys(IConfiguration configuration, bool isGateway) =>
        ((string[])["Certificate", "Key", "Authority"]).Select(name => $"{SiloTlsOptions.Section}:{name}")
        .Concat(!isGateway ? [] : ListenAddresses.Endpoints(configuration).Select(endpoint => $"{endpoint.Path}:Certificate")
            .Prepend(DefaultCertificate).SelectMany(section => new[] { $"{section}:Path", $"{section}:KeyPath" }));

    private static IEnumerable<string> CertificateFaults(IConfiguration configuration)
    {
        var endpoints = ListenAddresses.Endpoints(configuration).ToList();
        var isBare = endpoints.Count == 0 ? IsHttps(ListenAddresses.InUse(configuration))
            : endpoints.Any(endpoint => IsHttps(endpoint["Url"] ?? "") && !NamesCertificate(endpoint.GetSection("Certificate"))
                && !endpoint.GetSection("Sni").GetChildren().Any());
        return isBare && !NamesCertificate(configuration.GetSection(DefaultCertificate))
            && !configuration.GetSection(DevelopersCertificate).Exists() && !HasDevelopersCertificate()
            ? [$"https needs a certificate: set {DefaultCertificate}:Path, or use http://."] : [];
    }

    private static bool IsHttps(string urls) => ListenAddresses.Split(urls)
        .Any(url => url.StartsWith("https://", StringComparison.OrdinalIgnoreCase));

    private static bool NamesCertificate(IConfigurationSection section) =>
        section["Path"] is { Length: > 0 } || section["Subject"] is { Length: > 0 };

    private static bool HasDevelopersCertificate()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates.Any(certificate => certificate.HasPrivateKey
            && certificate.NotAfter > DateTime.Now
            && certificate.Extensions.Any(extension => extension.Oid?.Value == OfDeveloper));
    }
}
