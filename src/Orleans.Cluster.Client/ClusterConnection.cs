using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;

namespace Orleans.Cluster.Client;

/// <summary>A connection of a program's own, for those without dependency injection. Dispose it when done.</summary>
public sealed class ClusterConnection : IDisposable
{
    private readonly HttpClient http;

    private ClusterConnection(HttpClient http, JobClientOptions options)
    {
        this.http = http;
        Jobs = new JobClient(http, Options.Create(options));
        Cluster = new ClusterControl(http);
    }

    /// <summary>Jobs and their results.</summary>
    public IJobClient Jobs { get; }

    /// <summary>The cluster itself.</summary>
    public IClusterControl Cluster { get; }

    /// <summary>A connection to a gateway. Nothing is sent before the first call.</summary>
    public static ClusterConnection Open(Uri address) => Open(new JobClientOptions { Address = address });

    /// <inheritdoc cref="Open(Uri)"/>
    public static ClusterConnection Open(JobClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage>();
        RequestRepetition.Configure(builder, options);
        var http = new HttpClient(new ResilienceHandler(builder.Build()) { InnerHandler = Handler(options) });
        Configure(http, options);
        return new ClusterConnection(http, options);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    internal static SocketsHttpHandler Handler(JobClientOptions options) => new()
    {
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // A proxy of the environment is never meant for this machine itself.
        UseProxy = !options.Address.IsLoopback,
    };

    internal static void Configure(HttpClient http, JobClientOptions options)
    {
        http.BaseAddress = options.Address;
        http.Timeout = Timeout.InfiniteTimeSpan; // Each attempt has a limit of its own; a result may take as long as it takes.
        if (options.ApiKey is { } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }
}
