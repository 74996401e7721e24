using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Polly;

namespace Orleans.Cluster.Client;

/// <summary>A connection of a program's own, for those without dependency injection. Dispose it when done.</summary>
public sealed class ClusterConnection : IDisposable
{
    private readonly HttpClient http;
    private readonly ClusterTransport transport;

    private ClusterConnection(HttpClient http, JobClientOptions options)
    {
        this.http = http;
        transport = new ClusterTransport(http);
        Jobs = new JobClient(http, Options.Create(options));
        Cluster = new ClusterControl(http);
        Insight = new ClusterInsight(http);
    }

    /// <summary>Jobs and their results.</summary>
    public IJobClient Jobs { get; }

    /// <summary>The cluster itself.</summary>
    public IClusterControl Cluster { get; }

    /// <summary>What people look at: stories, timelines, operators, files.</summary>
    public ClusterInsight Insight { get; }

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

    /// <summary>
    /// A job's events as the gateway streams them, to the job's end: each change of phase once, and the status document whenever
    /// it has changed. A broken connection is a <see cref="ClusterUnreachableException"/>; the last id seen tells where to go on.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="lastEventId">Id of the last event that was seen; all of them when null.</param>
    /// <param name="cancellationToken">Ends the stream; the job goes on.</param>
    public IAsyncEnumerable<JobEvent> ReadEventsAsync(
        JobId id, string? lastEventId = null, CancellationToken cancellationToken = default) =>
        ReadAsync($"/api/processing/jobs/{id}/events", lastEventId, cancellationToken);

    /// <summary>
    /// Events of the whole cluster, without an end: <c>job</c> with the status document of one that has changed, <c>worker</c>,
    /// <c>decision</c>. After a broken connection the end of a job may be told twice, and is never missed.
    /// </summary>
    /// <param name="lastEventId">Id of the last event that was seen; only what goes on when null.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public IAsyncEnumerable<JobEvent> ReadClusterEventsAsync(
        string? lastEventId = null, CancellationToken cancellationToken = default) =>
        ReadAsync("/api/processing/events", lastEventId, cancellationToken);

    private async IAsyncEnumerable<JobEvent> ReadAsync(
        string address, string? lastEventId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        await using var stream = await transport.OpenAsync(request, cancellationToken);
        await using var events = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await transport.GuardAsync(events.MoveNextAsync(), cancellationToken))
        {
            yield return new JobEvent(events.Current.EventId ?? "", events.Current.EventType, events.Current.Data);
        }
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
