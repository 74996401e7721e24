using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The cluster's figures: now, over time, and for Prometheus.</summary>
internal static class MetricsApi
{
    private const int MaxWindows = 1_000;
    private const int UsualWindows = 360;
    private static readonly TimeSpan UsualSpan = TimeSpan.FromHours(1);

    public static IServiceCollection AddClusterMetrics(this IServiceCollection services)
    {
        services.AddSingleton<MetricsRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricsRecorder>());
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("orleans-cluster", serviceVersion: ProductVersion.Current))
            .WithMetrics(metrics => metrics
            .AddMeter(ClusterTelemetry.Meters)
            .AddPrometheusExporter());
        return services;
    }

    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder routes)
    {
        var metrics = routes.MapGroup("").WithTags("Metrics");
        metrics.MapGet("/api/processing/metrics/cluster", GetMetrics).WithName("GetClusterMetrics");
        metrics.MapPrometheusScrapingEndpoint("/metrics");
        return metrics;
    }

    private static async Task<Ok<MetricsDocument>> GetMetrics(
        HttpRequest request, MetricsRecorder recorder, IMetricsStore store, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var until = query.Time("until") ?? clock.GetUtcNow();
        var since = query.Time("since") ?? until - UsualSpan;
        var step = ReadStep(query, until - since);
        var byWorker = ReadBy(query);
        query.Close();
        var samples = await store.Query(since, until, step, cancellationToken);
        var current = recorder.Latest;
        return TypedResults.Ok(new MetricsDocument(
            current is null
            ? null
            : MetricsWindow.Of(current), since, until, step.TotalSeconds, [.. samples.Select(MetricsWindow.Of)])
        {
            Workers = byWorker ? WorkerSeries(samples) : null,
        });
    }

    private static bool ReadBy(QueryForm query)
    {
        var by = query.Text("by");
        if (by is not (null or "worker"))
        {
            query.Faults.Add(
                QueryForm.At("by"), FaultCodes.InvalidValue,
                $"Figures are kept by 'worker' alone, not by '{FormObject.Short(by)}'.");
        }

        return by is not null;
    }

    private static IReadOnlyList<WorkerSeries> WorkerSeries(IReadOnlyList<MetricsSample> samples) =>
    [
        .. samples.SelectMany(sample => WorkerFigures.Split(sample.Figures)
            .Select(worker => (worker.Id, Window: new MetricsWindow(
                sample.At, sample.Span.TotalSeconds, worker.Figures))))
            .GroupBy(each => each.Id).OrderBy(worker => worker.Key, StringComparer.Ordinal)
            .Select(worker => new WorkerSeries(worker.Key, [.. worker.Select(each => each.Window)])),
    ];

    // Without a step, one that makes a chart; with one, it must be a number of windows that somebody can use.
    private static TimeSpan ReadStep(QueryForm query, TimeSpan span)
    {
        if (query.Text("step") is not { } text)
        {
            var periods = Math.Max(1, Math.Ceiling(span / UsualWindows / MetricsRecorder.Period));
            return MetricsRecorder.Period * periods;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || seconds < 1
            || seconds > 31_536_000)
        {
            query.Faults.Add(
                QueryForm.At("step"), FaultCodes.OutOfRange, "The value must be a number of seconds, 1 to 31536000.");
            return MetricsRecorder.Period;
        }

        // Windows shorter than a sample are empty, and left out.
        if (span.TotalSeconds / Math.Max(seconds, MetricsRecorder.Period.TotalSeconds) > MaxWindows)
        {
            query.Faults.Add(
                QueryForm.At("step"), FaultCodes.OutOfRange,
                $"At most {MaxWindows} windows are served; take a longer step or a later 'since'.");
        }

        return TimeSpan.FromSeconds(Math.Floor(seconds));
    }
}

/// <summary>Figures now, and of windows of time.</summary>
internal sealed record MetricsDocument(
    MetricsWindow? Current, DateTimeOffset Since, DateTimeOffset Until, double StepSeconds, IReadOnlyList<MetricsWindow> Samples)
{
    /// <summary>The history of each worker that was seen in the span; null unless it was asked for.</summary>
    public IReadOnlyList<WorkerSeries>? Workers { get; init; }
}

/// <summary>Figures of one worker over time.</summary>
internal sealed record WorkerSeries(string Worker, IReadOnlyList<MetricsWindow> Samples);

/// <summary>Figures by name from a time on, for so many seconds.</summary>
internal sealed record MetricsWindow(DateTimeOffset At, double Seconds, IReadOnlyDictionary<string, double> Figures)
{
    public static MetricsWindow Of(MetricsSample sample) =>
        new(sample.At, sample.Span.TotalSeconds, WorkerFigures.WithoutThem(sample.Figures));
}
