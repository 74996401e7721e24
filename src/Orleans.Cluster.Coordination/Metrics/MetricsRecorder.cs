using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>
/// Takes a sample of the cluster's figures every ten seconds and thins old ones. Samples stand at whole multiples of the period,
/// so that of several gateways one sample is kept.
/// </summary>
internal sealed partial class MetricsRecorder : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ThinPeriod = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private readonly IMetricsStore store;
    private readonly IWorkMeter meter;
    private readonly IGrainFactory grains;
    private readonly TimeProvider clock;
    private readonly ILogger<MetricsRecorder> logger;
    private IReadOnlyCollection<JobId> active = [];
    private IReadOnlyCollection<JobId> activeBefore = [];
    private DateTimeOffset thinAt;
    private readonly JobMeter ended;
    private volatile MetricsSample? latest;

    public MetricsRecorder(
        IMetricsStore store, IWorkMeter meter, IJobStore jobs, IGrainFactory grains, TimeProvider clock,
        ILogger<MetricsRecorder> logger)
    {
        (this.store, this.meter, this.grains, this.clock, this.logger) = (store, meter, grains, clock, logger);
        ended = new JobMeter(jobs, clock.GetUtcNow());
        foreach (var name in ClusterFigures.Of([], NoFigures, new WorkDone(0, 0, 0, 0, 0), 1).Keys
            .Where(name => !IsWaiting(name)))
        {
            Create(name, () => Observe(name));
        }

        Create(FigureNotes.Waiting, ObserveWaiting);
    }

    /// <summary>The latest sample; null before the first.</summary>
    public MetricsSample? Latest => latest;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                await Sample(stoppingToken);
                await Thin(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // A gap in the history is the truth about this time.
                Log.NotSampled(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Sample(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var until = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % Period.Ticks), TimeSpan.Zero);
        var from = until - Period;
        var queue = grains.GetGrain<IQueueGrain>(GrainKeys.Queue);
        var workers = await queue.ListWorkers().WaitAsync(CallTimeout, clock, cancellationToken);
        var figures = await queue.Measure().WaitAsync(CallTimeout, clock, cancellationToken);
        var current = figures.AtWork;

        // A job is not at work any more in the sample that its last partitions belong to. A sample is taken some time after its
        // period's end: what ended in between was at work at the one before the last.
        var done = await meter.Measure([.. activeBefore.Union(active).Union(current)], from, until, cancellationToken);
        (activeBefore, active) = (active, current);
        var sum = ClusterFigures.Of(workers, figures, done, Period.TotalSeconds);
        var sample = new MetricsSample(from, Period, sum.Concat(WorkerFigures.Of(workers)).ToDictionary());

        // Who sees a sample finds the jobs that ended before it among those counted.
        await ended.Measure(now, cancellationToken);
        await store.Append(sample, cancellationToken);
        latest = sample;
    }

    private async Task Thin(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now >= thinAt)
        {
            await store.Thin(now, cancellationToken);
            thinAt = now + ThinPeriod;
        }
    }

    private static void Create(string figure, Func<IEnumerable<Measurement<double>>> observe)
    {
        var (unit, description) = FigureNotes.Of(figure);
        ClusterTelemetry.Meter.CreateObservableGauge(FigureNotes.Instrument(figure), observe, unit, description);
    }

    private IEnumerable<Measurement<double>> Observe(string name) =>
        latest is { } sample && sample.Figures.TryGetValue(name, out var value) ? [new Measurement<double>(value)] : [];

    private static QueueFigures NoFigures =>
        new([.. Enum.GetValues<JobPriority>().Select(priority => new PriorityBacklog(priority, 0, 0, 0))], 0, 0, []);

    private IEnumerable<Measurement<double>> ObserveWaiting() => (latest?.Figures ?? new Dictionary<string, double>())
        .Where(figure => IsWaiting(figure.Key))
        .Select(figure => new Measurement<double>(
            figure.Value,
            new KeyValuePair<string, object?>("priority", figure.Key[FigureNotes.Waiting.Length..].ToLowerInvariant())));

    private static bool IsWaiting(string name) => name.StartsWith(FigureNotes.Waiting, StringComparison.Ordinal);

    private static partial class Log
    {
        [LoggerMessage(1400, LogLevel.Warning, "The cluster's figures could not be recorded this time: {Message}")]
        public static partial void NotSampled(ILogger logger, string message);
    }
}
