using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Coordination.Scaling;

/// <summary>
/// Brings the workers to what is wanted, again and again: sees (target and queue), tells <see cref="IClusterGrain"/>, hears what
/// is wanted, decides (<see cref="ReconcilePolicy"/>) and acts. It forgets nothing that matters when it dies: who leaves is
/// chosen anew.
/// </summary>
internal sealed partial class ScaleReconciler(
    IScaleTarget target, IGrainFactory grains, IWorkerHistory history, IOptions<ClusterSettings> settings, ReconcileTimes times,
    TimeProvider time, ILogger<ScaleReconciler> logger) : BackgroundService
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private readonly string keeper = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    // A machine may have several gateways, each with a state directory of its own.
    private readonly string gateway =
        $"{settings.Value.MachineName ?? Environment.MachineName}:{Path.GetFullPath(settings.Value.StateDirectory)}";
    private readonly WorkerChronicle chronicle = new();
    private readonly HashSet<string> stopping = [];
    private IReadOnlyDictionary<string, DateTimeOffset> leaving = new Dictionary<string, DateTimeOffset>();
    private RestartPause? pause;
    private string? trouble;
    private string? refusal;
    private bool hasRead;
    private bool isInCharge;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(times.Interval, time);
        do
        {
            try
            {
                await Reconcile(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next round sees the world anew; what went wrong once must not leave the cluster without its keeper.
                Log.Failed(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Reconcile(CancellationToken cancellationToken)
    {
        var instances = await ListInstances(cancellationToken);
        var workers = await Bounded(Queue.ListWorkers(), cancellationToken);
        await ReadHistory(cancellationToken);
        chronicle.Note(workers, instances, time.GetUtcNow());
        await WriteHistory(cancellationToken);

        var order = await Bounded(
            Cluster.Attend(new KeeperReport(keeper, settings.Value.Configured(), Observe(instances)) { Gateway = gateway }),
            cancellationToken);
        isInCharge = order.IsInCharge;
        if (!isInCharge)
        {
            // The one in charge writes the history, from its own target; it is read again when that is this one.
            hasRead = false;
            return;
        }

        // Before anything else: a stopped cluster grants nothing, whatever becomes of its workers.
        await Bounded(Queue.SetStopped(!order.Desired.IsRunning), cancellationToken);
        if (target.CanScale && trouble is null)
        {
            await TryAct(order.Desired, instances, workers, cancellationToken);
        }
    }

    private async Task ReadHistory(CancellationToken cancellationToken)
    {
        if (hasRead)
        {
            return;
        }

        var now = time.GetUtcNow();
        try
        {
            chronicle.Restore(await Bounded(history.List(now - WorkerChronicle.Kept, cancellationToken), cancellationToken), now);
            hasRead = true;
        }
        catch (StorageUnavailableException e)
        {
            Log.HistoryAway(logger, e.Message);
        }
    }

    private async Task WriteHistory(CancellationToken cancellationToken)
    {
        // Before it is shown: what somebody has read must be there after a crash too.
        if (!isInCharge || !hasRead || chronicle.Unsaved is not { Count: > 0 } unsaved)
        {
            return;
        }

        try
        {
            await Bounded(history.Write(unsaved, time.GetUtcNow() - WorkerChronicle.Kept, cancellationToken), cancellationToken);
            chronicle.Save(unsaved);
        }
        catch (StorageUnavailableException e)
        {
            // Kept here meanwhile, and written when the database is back.
            Log.HistoryAway(logger, e.Message);
        }
    }

    // What the target refuses (a quota, a missing right) is shown until a round goes through.
    private async Task TryAct(
        DesiredState desired, IReadOnlyList<ScaleInstance> instances, IReadOnlyList<WorkerStatus> workers,
        CancellationToken cancellationToken)
    {
        try
        {
            await Act(desired, instances, workers, cancellationToken);
            refusal = null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            refusal = $"The workers could not be changed through the scale target '{target.Name}': {e.Message}";
            throw;
        }
    }

    private async Task Act(
        DesiredState desired, IReadOnlyList<ScaleInstance> instances, IReadOnlyList<WorkerStatus> workers,
        CancellationToken cancellationToken)
    {
        var joined = instances.Where(chronicle.HasJoined).Select(instance => instance.Id).ToHashSet();
        var plan = ReconcilePolicy.Plan(
            desired, new ReconcileView(instances, workers, leaving, stopping, joined, times.Drain, time.GetUtcNow()));
        (leaving, pause) = (plan.Leaving, plan.Pause);
        stopping.RemoveWhere(id => !leaving.ContainsKey(id));
        await Bounded(Queue.Drain(plan.Drain), cancellationToken);

        var toStop = plan.StopAtOnce ? plan.Stop : [.. plan.Stop.Where(id => !stopping.Contains(id))];
        if (toStop.Count > 0)
        {
            // Noted after it was done: a target that could not be reached is asked again in the next round.
            await target.Stop(toStop, plan.StopAtOnce, cancellationToken);
            stopping.UnionWith(toStop);
        }

        if (plan.Kill.Count > 0)
        {
            await target.Stop(plan.Kill, atOnce: true, cancellationToken);
        }

        if (plan.Start > 0)
        {
            await target.Start(plan.Start, desired.Shape, cancellationToken);
        }
    }

    // A target that cannot be asked (an engine that is away) is shown in the status; workers that run go on meanwhile.
    private async Task<IReadOnlyList<ScaleInstance>> ListInstances(CancellationToken cancellationToken)
    {
        if (!target.CanScale)
        {
            return [];
        }

        try
        {
            var instances = await Bounded(target.List(cancellationToken), cancellationToken);
            trouble = null;
            return instances;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (trouble is null)
            {
                Log.TargetAway(logger, target.Name, e.Message);
            }

            trouble = $"The scale target '{target.Name}' does not answer: {e.Message}";
            return [];
        }
    }

    private ObservedScale Observe(IReadOnlyList<ScaleInstance> instances) => new()
    {
        Target = target.Name,
        CanScale = target.CanScale,
        Instances = instances,
        Leaving = [.. leaving.Keys],
        Pause = pause,
        Trouble = trouble ?? refusal,
        Departed = chronicle.Departed,
    };

    private IQueueGrain Queue => grains.GetGrain<IQueueGrain>(GrainKeys.Queue);

    private IClusterGrain Cluster => grains.GetGrain<IClusterGrain>(GrainKeys.Cluster);

    private Task<T> Bounded<T>(Task<T> call, CancellationToken cancellationToken) =>
        call.WaitAsync(CallTimeout, time, cancellationToken);

    private Task Bounded(Task call, CancellationToken cancellationToken) => call.WaitAsync(CallTimeout, time, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(
            1220, LogLevel.Warning, "Workers could not be looked after this time; the next round tries again: {Message}")]
        public static partial void Failed(ILogger logger, string message);

        [LoggerMessage(
            1222, LogLevel.Debug, "The database does not answer; who left is remembered here until it does: {Message}")]
        public static partial void HistoryAway(ILogger logger, string message);

        [LoggerMessage(1221, LogLevel.Error, "The scale target {Target} does not answer: {Message}")]
        public static partial void TargetAway(ILogger logger, string target, string message);
    }
}
