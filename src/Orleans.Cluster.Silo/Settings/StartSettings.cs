using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>The settings of a process as its host will have them, read before there is one.</summary>
internal static class StartSettings
{
    private const string File = "appsettings.json";

    /// <summary>Arguments over variables over files over defaults.</summary>
    /// <exception cref="StartRefusedException">The folder of the files is not there.</exception>
    public static IConfigurationRoot Read(string[] args)
    {
        var platform = new ConfigurationBuilder()
            .AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args).Build();
        var folder = Path.GetFullPath(platform["contentRoot"] is { Length: > 0 } given ? given : ".");
        if (!Directory.Exists(folder))
        {
            throw new StartRefusedException($"There is no folder {folder} (contentRoot).");
        }

        var environment = platform["environment"] is { Length: > 0 } named ? named : "Production";
        return new ConfigurationBuilder().SetBasePath(folder)
            .AddInMemoryCollection(ClusterHost.Defaults)
            .AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_")
            .AddJsonFile(File, optional: true, reloadOnChange: false)
            .AddJsonFile($"appsettings.{environment}.json", optional: true, reloadOnChange: false)
            .AddEnvironmentVariables().AddCommandLine(args).Build();
    }

    /// <summary>The role that the settings ask for; it decides which host is built.</summary>
    public static SiloRole RoleOf(IConfiguration configuration) => Enum.TryParse<SiloRole>(
        configuration[$"{ClusterSettings.Section}:{nameof(ClusterSettings.Role)}"], ignoreCase: true, out var role)
        ? role : SiloRole.Gateway;
}
