using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>What somebody wants the cluster to be. Survives every crash.</summary>
[GenerateSerializer, Immutable, Alias("DesiredState")]
public sealed record DesiredState
{
    private const int KeptDecisions = 50;
    private const int KeptLeaving = 64;
    private const int KeptGateways = 16;

    /// <summary>False after a stop: no workers, nothing is granted, jobs wait.</summary>
    [Id(0)]
    public bool IsRunning { get; init; } = true;

    /// <summary>Workers wanted while it runs.</summary>
    [Id(1)]
    public required int Workers { get; init; }

    /// <summary>Bounds of the autoscaler; null when a person has given the number.</summary>
    [Id(2)]
    public ScalingBounds? Autoscaling { get; init; }

    /// <summary>What each worker offers.</summary>
    [Id(3)]
    public required WorkerShape Shape { get; init; }

    /// <summary>How the last stop is meant: at once, or when running attempts have finished.</summary>
    [Id(4)]
    public bool StopAtOnce { get; init; }

    /// <summary>Decisions, the latest last; at most 50.</summary>
    [Id(5)]
    public IReadOnlyList<ScalingDecision> Decisions { get; init; } = [];

    /// <summary>What a configuration said when one was last taken over.</summary>
    [Id(6)]
    public required ConfiguredWorkers Configured { get; init; }

    /// <summary>
    /// Workers that were asked to leave one by one, the latest last; another takes the place of each. At most 64.
    /// </summary>
    [Id(7)]
    public IReadOnlyList<WorkerId> Leaving { get; init; } = [];

    /// <summary>What each gateway's configuration said last, the latest change last; at most 16.</summary>
    [Id(8)]
    public IReadOnlyList<GatewayConfiguration> Gateways { get; init; } = [];

    /// <summary>Workers wanted now.</summary>
    public int WantedWorkers() => IsRunning ? Workers : 0;

    /// <summary>What it can become; a stopped cluster starts with the number it had.</summary>
    public ClusterReach Reach() => new(Math.Max(Workers, Autoscaling?.MaxWorkers ?? 0), Shape);

    /// <summary>A cluster that nobody has said anything about yet.</summary>
    /// <param name="configured">What the configuration says.</param>
    public static DesiredState Initial(ConfiguredWorkers configured) =>
        new() { Workers = configured.Workers, Shape = configured.Shape, Configured = configured };

    /// <summary>
    /// Takes over what the configuration of a gateway says, when that is an order: somebody has changed it since this gateway
    /// said something else, or the gateway is new and says what none has said. That two gateways say different things, whichever
    /// of them looks after the workers, is none.
    /// </summary>
    /// <param name="gateway">Name of the gateway, the same after a restart.</param>
    /// <param name="configured">What its configuration says.</param>
    /// <param name="now">The present.</param>
    public DesiredState Configure(string gateway, ConfiguredWorkers configured, DateTimeOffset now)
    {
        var known = Gateways.FirstOrDefault(one => one.Name == gateway);
        if (known?.Configured == configured)
        {
            return this;
        }

        var isOrder = configured != Configured && (known is not null || Gateways.All(one => one.Configured != configured));
        var noted = this with
        {
            Gateways = [.. Gateways.Where(one => one.Name != gateway).TakeLast(KeptGateways - 1),
                new GatewayConfiguration(gateway, configured)],
        };
        return isOrder
            ? (noted with
            {
                IsRunning = true, Workers = configured.Workers, Shape = configured.Shape, Autoscaling = null,
                Configured = configured,
            })
                .Decide(WantedWorkers(), $"The configuration of {gateway} changed.", now)
            : noted;
    }

    /// <summary>Starts, or sets the size of a cluster that runs.</summary>
    /// <param name="workers">1-32, which turns autoscaling off; null for the last number wanted, or 4 when that was none.</param>
    /// <param name="shape">What each worker offers from now on.</param>
    /// <param name="now">The present.</param>
    public DesiredState Start(int? workers, WorkerShape shape, DateTimeOffset now)
    {
        var count = workers ?? (Workers > 0 ? Workers : ClusterSize.Default);
        var bounds = workers is null ? Autoscaling : null;
        return IsRunning && Workers == count && Shape == shape && Autoscaling == bounds
            ? this
            : (this with { IsRunning = true, Workers = count, Shape = shape, Autoscaling = bounds })
                .Decide(WantedWorkers(), "Started on request.", now);
    }

    /// <summary>Stops; a second stop may turn a drain into one at once.</summary>
    public DesiredState Stop(bool atOnce, DateTimeOffset now) =>
        (this with { IsRunning = false, StopAtOnce = atOnce })
            .Decide(WantedWorkers(), atOnce
                ? "Stopped at once on request."
                : "Stopped on request; running attempts finish first.", now);

    /// <summary>
    /// Sets the number of workers and turns autoscaling off. A stopped cluster stays stopped; it starts with that number later.
    /// </summary>
    public DesiredState Scale(int workers, DateTimeOffset now) =>
        (this with { Workers = workers, Autoscaling = null }).Decide(WantedWorkers(), "Scaled on request.", now);

    /// <summary>Turns autoscaling on, from the nearest number within the bounds.</summary>
    public DesiredState Scale(ScalingBounds bounds, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        return (this with { Workers = Math.Clamp(Workers, bounds.MinWorkers, bounds.MaxWorkers), Autoscaling = bounds }).Decide(
            WantedWorkers(), $"Autoscaling between {bounds.MinWorkers} and {bounds.MaxWorkers} workers on request.", now);
    }

    /// <summary>Asks one worker to leave; asking twice is asking once.</summary>
    public DesiredState Drain(WorkerId worker, DateTimeOffset now) => Leaving.Contains(worker)
        ? this
        : (this with { Leaving = [.. Leaving.TakeLast(KeptLeaving - 1), worker] })
            .Decide(WantedWorkers(), $"Worker {worker.Value} drains on request; another takes its place.", now);

    /// <summary>What the autoscaler wants.</summary>
    public DesiredState Autoscale(int workers, string reason, DateTimeOffset now) =>
        (this with { Workers = workers }).Decide(WantedWorkers(), reason, now);

    private DesiredState Decide(int before, string reason, DateTimeOffset now) => this with
    {
        Decisions = [.. Decisions.TakeLast(KeptDecisions - 1), new ScalingDecision(now, before, WantedWorkers(), reason)],
    };
}

/// <summary>What each worker offers.</summary>
[GenerateSerializer, Immutable, Alias("WorkerShape")]
public sealed record WorkerShape([property: Id(0)] int Slots, [property: Id(1)] long MemoryBytes);

/// <summary>Number and shape of workers as configured.</summary>
[GenerateSerializer, Immutable, Alias("ConfiguredWorkers")]
public sealed record ConfiguredWorkers([property: Id(0)] int Workers, [property: Id(1)] WorkerShape Shape);

/// <summary>What one gateway's configuration says.</summary>
[GenerateSerializer, Immutable, Alias("GatewayConfiguration")]
public sealed record GatewayConfiguration([property: Id(0)] string Name, [property: Id(1)] ConfiguredWorkers Configured);

/// <summary>
/// What the cluster can become without anybody asking for more: the number of workers wanted, or the most that the autoscaler may
/// want.
/// </summary>
[GenerateSerializer, Immutable, Alias("ClusterReach")]
public sealed record ClusterReach([property: Id(0)] int MaxWorkers, [property: Id(1)] WorkerShape Shape);

/// <summary>Bounds of the number of workers.</summary>
public static class ClusterSize
{
    public const int Min = 1;
    public const int Max = 32;
    public const int Default = 4;
}
