using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.Worker;

/// <summary>Notices that this process stands still, by a timer of the thread pool, on which its reports depend too.</summary>
internal sealed class PauseWatch(IOptions<WorkerOptions> options, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly PauseLog log = new(options.Value.PauseWindow, Period, LeastPause);
    private readonly long origin = clock.GetTimestamp();

    /// <summary>Part of the last <see cref="WorkerOptions.PauseWindow"/> that this process stood still, 0 to 1.</summary>
    public double Share()
    {
        lock (gate)
        {
            return log.Share(clock.GetElapsedTime(origin));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            lock (gate)
            {
                log.Pulse(clock.GetElapsedTime(origin));
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
