using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>What both roles set on their host before anything else.</summary>
internal static class ClusterHost
{
    private const string AuthenticationKey = $"{GatewayOptions.Section}:{nameof(GatewayOptions.Authentication)}";

    /// <summary>
    /// Arguments of the host's builder. Reloading is off: it would watch every folder below the working directory, which holds
    /// the data.
    /// </summary>
    public static string[] Arguments(string[] args) => ["--hostBuilder:reloadConfigOnChange=false", .. args];

    /// <summary>Defaults that any other source of configuration overrides, quiet logs, settings, and time to drain.</summary>
    /// <returns>The settings as they are at start.</returns>
    public static ClusterSettings AddClusterDefaults(this IHostApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        // The call above chooses its own form, whatever the configuration says.
        builder.Services.Configure<ConsoleLoggerOptions>(
            console => console.FormatterName = builder.Configuration["Logging:Console:FormatterName"] ?? console.FormatterName);

        builder.Services.AddOptions<ClusterSettings>()
            .BindConfiguration(ClusterSettings.Section)
            .Configure<IConfiguration>((cluster, configuration) => cluster.AsksForKeys = AsksForKeys(configuration))
            .ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ClusterPaths>();
        builder.Services.AddSingleton<TimeProvider>(SteadyClock.OfProcess);
        builder.Services.AddOptions<HostOptions>()
            .Configure<IOptions<ClusterSettings>>((host, cluster) => host.ShutdownTimeout = cluster.Value.ShutdownTimeout);
        return SettingsOf(builder.Configuration);
    }

    /// <summary>The settings of the cluster's own section.</summary>
    public static ClusterSettings SettingsOf(IConfiguration configuration) =>
        configuration.GetSection(ClusterSettings.Section).Get<ClusterSettings>() ?? new ClusterSettings();

    /// <summary>Whether callers of the cluster need keys, as this process is told.</summary>
    public static bool AsksForKeys(IConfiguration configuration) =>
        configuration.GetValue<AuthenticationMode>(AuthenticationKey) == AuthenticationMode.Required;

    /// <summary>
    /// A worker that is started by hand on a gateway's directory does as that gateway does, also when nobody told it.
    /// </summary>
    public static void TakeOver(this IHostApplicationBuilder builder, GatewayRecord? gateway)
    {
        if (gateway?.AsksForKeys == true)
        {
            builder.Configuration[AuthenticationKey] = nameof(AuthenticationMode.Required);
        }
    }

    /// <summary>What holds where nothing else is said.</summary>
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = new Dictionary<string, string?>
    {
        ["Urls"] = "http://127.0.0.1:8001",
        ["Logging:LogLevel:Default"] = "Warning",
        ["Logging:LogLevel:Orleans.Cluster"] = "Information",
        // Says at each refused request that it was refused, which the answer and the audit log say too.
        ["Logging:LogLevel:Orleans.Cluster.Gateway.Access"] = "Warning",
        ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
        // It recommends the server collector at each start; a silo leaves memory and processors to its executors.
        ["Logging:LogLevel:Orleans.Runtime.Silo"] = "Error",
        // What these warn of is the ordinary course when a silo leaves or dies. Who looks after workers says it in one line.
        ["Logging:LogLevel:Orleans.Networking"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.CallbackData"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.GrainDirectory"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.MembershipService.MembershipSystemTarget"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.MembershipService.SiloHealthMonitor"] = "Error",
        // It reports as an error that nobody was left to be told of a cancellation.
        ["Logging:LogLevel:Orleans.Runtime.GrainCallCancellationManager"] = "Critical",
        // Names the inner call of whatever a busy machine let wait for a second.
        ["Logging:LogLevel:Orleans.Runtime.Scheduler"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.Messaging"] = "Error",
        // On a machine that has been up for long it complains at every start.
        ["Logging:LogLevel:Orleans.Runtime.Watchdog"] = "Error",
    };
}
