using Microsoft.Extensions.Hosting;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>When this worker may say that it is there.</summary>
internal sealed class WorkerReadiness(
    IHostApplicationLifetime lifetime, ExecutorPool pool, WorkerRoom room, WorkerMeter meter, TimeProvider clock)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2);

    /// <summary>Completes when the process has started and sees its store, or has looked for it long enough.</summary>
    public async Task Wait(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource();
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        pool.Warm(room.Slots);

        // A first report that says "unwell" would be held for its time; one that is a little later gets work at once.
        await Task.WhenAny(meter.StoreSeen, Task.Delay(FirstLook, clock, stoppingToken));
    }
}
