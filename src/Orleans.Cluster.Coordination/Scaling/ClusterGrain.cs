using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Scaling;

/// <summary>Keeps the desired state, lets the autoscaler change it, and puts the status document together.</summary>
internal sealed partial class ClusterGrain(
    [PersistentState("cluster")] IPersistentState<ClusterRecord> stored,
    IOptions<ClusterSettings> settings, IOptions<AutoscalerOptions> autoscaler,
    TimeProvider clock, ILogger<ClusterGrain> logger) : Grain, IClusterGrain
{
    // A reconciler that has not come for this long is gone, and another may act.
    private static readonly TimeSpan KeeperLease = TimeSpan.FromSeconds(10);

    // Longer than a round takes on a machine that is short of processors: what was seen is shown until then.
    private static readonly TimeSpan SightLife = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(1);

    private string? keeper;
    private DateTimeOffset attendedAt;
    private ObservedScale? observed;
    private IReadOnlyList<LoadSample> samples = [];
    private DateTimeOffset nextSample;

    private DesiredState Desired => stored.State.Desired ?? DesiredState.Initial(settings.Value.Configured());

    public async Task<bool> Start(int? workers, int? slots, long? memoryBytes)
    {
        var before = Desired;
        var shape = new WorkerShape(slots ?? before.Shape.Slots, memoryBytes ?? before.Shape.MemoryBytes);
        await Change(before.Start(workers, shape, clock.GetUtcNow()));
        return Desired != before;
    }

    public Task Stop(bool atOnce) => Change(Desired.Stop(atOnce, clock.GetUtcNow()));

    public Task Scale(int workers) => Change(Desired.Scale(workers, clock.GetUtcNow()));

    public Task Autoscale(ScalingBounds bounds)
    {
        samples = [];
        return Change(Desired.Scale(bounds, clock.GetUtcNow()));
    }

    public Task Drain(WorkerId worker) => Change(Desired.Drain(worker, clock.GetUtcNow()));

    public async Task<ScaleOrder> Attend(KeeperReport report)
    {
        var now = clock.GetUtcNow();
        await Change(
            (stored.State.Desired ?? DesiredState.Initial(report.Configured)).Configure(report.Gateway, report.Configured, now));
        if (keeper is not null && keeper != report.Keeper && now < attendedAt + KeeperLease)
        {
            return new ScaleOrder(Desired, IsInCharge: false);
        }

        (keeper, attendedAt, observed) = (report.Keeper, now, report.Observed);
        await FollowLoad(now);
        return new ScaleOrder(Desired, IsInCharge: true);
    }

    public async Task<ClusterStatus> GetStatus() =>
        ClusterView.Compose(Desired, clock.GetUtcNow() < attendedAt + SightLife ? observed : null, await Queue.ListWorkers());

    public Task<ClusterReach?> FindReach() => Task.FromResult(observed is { CanScale: true } ? Desired.Reach() : null);

    public Task<IReadOnlyList<ScalingDecision>> ListDecisions() => Task.FromResult(Desired.Decisions);

    private IQueueGrain Queue => GrainFactory.GetGrain<IQueueGrain>(GrainKeys.Queue);

    private async Task FollowLoad(DateTimeOffset now)
    {
        if (Desired is not { IsRunning: true, Autoscaling: { } bounds } || observed is not { CanScale: true } || now < nextSample)
        {
            return;
        }

        nextSample = now + SamplePeriod;
        if (await TryMeasureLoad() is not { } load)
        {
            return;
        }

        var sample = new LoadSample(
            now, load.ReadyPartitions, load.BusySlots, Desired.Shape.Slots, load.MeanSeconds, load.Gangs?.Max(WorkersFor) ?? 0);
        (samples, var step) = ScalingPolicy.Decide(samples, sample, Desired.Workers, bounds, autoscaler.Value.Rules);
        if (step is not null)
        {
            await Change(Desired.Autoscale(step.Workers, step.Reason, now));
        }
    }

    // Gangs of tasks that are larger than a worker wait for other workers than this cluster can start.
    private int? WorkersFor(GangLoad gang)
    {
        var each = Math.Min(
            Desired.Shape.Slots / Math.Max(1, gang.Resources.Cpu),
            Desired.Shape.MemoryBytes / Math.Max(1, gang.Resources.MemoryBytes));
        return each == 0 ? null : (int)((gang.Width + each - 1) / each);
    }

    // The queue may be between two silos; a sample that is missing decides nothing, and start and stop must not wait for it.
    private async Task<QueueLoad?> TryMeasureLoad()
    {
        try
        {
            return await Queue.MeasureLoad().WaitAsync(SamplePeriod, clock);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    private async Task Change(DesiredState next)
    {
        if (next == stored.State.Desired)
        {
            return;
        }

        var before = Desired;
        stored.State.Desired = next;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            // Memory is ahead of the store; the next activation reads what holds.
            DeactivateOnIdle();
            throw;
        }

        if (next.Decisions is [.., var decision] && !before.Decisions.Contains(decision))
        {
            Log.Decided(logger, decision.From, decision.To, decision.Reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1230, LogLevel.Information, "Workers {From} -> {To}: {Reason}")]
        public static partial void Decided(ILogger logger, int from, int to, string reason);
    }
}

/// <summary>The grain's stored state.</summary>
[GenerateSerializer, Alias("ClusterRecord")]
internal sealed class ClusterRecord
{
    /// <summary>Null until somebody has said something.</summary>
    [Id(0)]
    public DesiredState? Desired { get; set; }
}
