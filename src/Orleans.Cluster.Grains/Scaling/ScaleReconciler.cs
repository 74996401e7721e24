using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Grains.Scaling;

/// <summary>Brings the number of workers to what is wanted, again and again.</summary>
internal sealed partial class ScaleReconciler(
    IScaleTarget target, IOptions<ClusterSettings> settings, TimeProvider time, ILogger<ScaleReconciler> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), time);
        do
        {
            try
            {
                await Reconcile(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The next round sees the world anew; what went wrong once must not leave the cluster without its keeper.
                Log.Failed(logger, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Reconcile(CancellationToken cancellationToken)
    {
        if (!target.CanScale)
        {
            return;
        }

        var instances = await target.List(cancellationToken);
        var wanted = settings.Value.Workers;
        var missing = wanted - instances.Count(instance => instance.End is null);
        var lives = instances.Select(i => new WorkerLife(i.StartedAt, i.End?.At, i.End?.WasRequested ?? false)).ToList();
        var now = time.GetUtcNow();
        var pause = RestartPolicy.PauseAfter(RestartPolicy.CountShortLives(lives, now), wanted);
        var lastEnd = lives.Max(life => life.EndedAt) ?? DateTimeOffset.MinValue;
        if (missing > 0 && now >= lastEnd + pause)
        {
            await target.Start(missing, new WorkerShape(settings.Value.SlotsPerWorker, settings.Value.MemoryPerWorkerBytes), cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1220, LogLevel.Error, "Workers could not be looked after this time; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
