using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Scaling;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// What somebody wants the cluster to be, kept in Orleans' storage; its key is <see cref="GrainKeys.Cluster"/>. It starts and
/// stops nothing itself: the <see cref="ScaleReconciler"/> of a gateway does, by what it is told here.
/// </summary>
[Alias("IClusterGrain")]
internal interface IClusterGrain : IGrainWithStringKey
{
    /// <summary>Starts, or sets size and shape; null leaves a setting as it is. Answers whether anything was changed.</summary>
    [Alias("Start")]
    Task<bool> Start(int? workers, int? slots, long? memoryBytes);

    /// <summary>Stops: running attempts finish first, or end at once and run again later.</summary>
    [Alias("Stop")]
    Task Stop(bool atOnce);

    /// <summary>Sets the number of workers and turns autoscaling off.</summary>
    [Alias("Scale")]
    Task Scale(int workers);

    /// <summary>Turns autoscaling on.</summary>
    [Alias("Autoscale")]
    Task Autoscale(ScalingBounds bounds);

    /// <summary>Asks one worker to leave.</summary>
    [Alias("Drain")]
    Task Drain(WorkerId worker);

    /// <summary>A reconciler says what it sees, and hears what is wanted and whether it is its turn to act.</summary>
    [Alias("Attend")]
    Task<ScaleOrder> Attend(KeeperReport report);

    /// <summary>The cluster as a document.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<ClusterStatus> GetStatus();

    /// <summary>
    /// What the cluster can become; null when workers are run by hand, or no gateway has looked after them yet.
    /// </summary>
    [Alias("FindReach"), AlwaysInterleave]
    Task<ClusterReach?> FindReach();

    /// <summary>Decisions, the latest last; at most 50.</summary>
    [Alias("ListDecisions"), AlwaysInterleave]
    Task<IReadOnlyList<ScalingDecision>> ListDecisions();
}

/// <summary>What a gateway's reconciler sees.</summary>
/// <param name="Keeper">Names the reconciler, new with each start of its process.</param>
/// <param name="Configured">Number and shape of workers in its configuration.</param>
/// <param name="Observed">Its workers.</param>
[GenerateSerializer, Immutable, Alias("KeeperReport")]
internal sealed record KeeperReport(
    [property: Id(0)] string Keeper, [property: Id(1)] ConfiguredWorkers Configured, [property: Id(2)] ObservedScale Observed)
{
    /// <summary>Names the gateway, the same after a restart; one of an earlier version does not say it.</summary>
    [Id(3)]
    public string Gateway { get; init; } = "";
}

/// <summary>What a reconciler shall bring about.</summary>
/// <param name="Desired">What is wanted.</param>
/// <param name="IsInCharge">False while another gateway's reconciler looks after the workers.</param>
[GenerateSerializer, Immutable, Alias("ScaleOrder")]
internal sealed record ScaleOrder([property: Id(0)] DesiredState Desired, [property: Id(1)] bool IsInCharge);
