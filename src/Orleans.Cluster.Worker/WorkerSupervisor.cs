using Microsoft.Extensions.Hosting;

namespace Orleans.Cluster.Worker;

/// <summary>
/// A worker's side of the queue, on every worker silo:
/// 1. <see cref="ReportMaker"/> writes what is free and what runs; the queue holds the report until it has an order;
/// 2. <see cref="OrderFollower"/> reserves what a grant needs in the <see cref="Planning.Queueing.GrantBook"/>, begins its
/// attempts in the database, and starts each under a grain of its own here;
/// 3. of a gang it reserves all that is granted or nothing, says so in the next report, and starts what the queue has begun when
/// it says go;
/// 4. it stops attempts that the queue names;
/// 5. <see cref="QueueReporter"/> reports again, at once when a slot becomes free or a grant has begun.
/// </summary>
internal sealed class WorkerSupervisor(
    WorkerReadiness readiness, QueueReporter reporter, ProgressSender progress, HeldCheck check,
    WorkerDrain drain) : BackgroundService
{
    /// <summary>Takes nothing new, and waits for what runs, before the silo leaves the cluster.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await drain.Run(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Wait(stoppingToken);
        await Task.WhenAll(reporter.Run(stoppingToken), progress.Run(stoppingToken), check.Run(stoppingToken));
    }
}
