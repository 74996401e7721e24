using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// Orders all waiting work by priority and hands it to workers; its key is <see cref="GrainKeys.Queue"/>. It keeps nothing that cannot be
/// rebuilt from the job rows and the workers' reports.
/// </summary>
[Alias("IQueueGrain")]
internal interface IQueueGrain : IGrainWithStringKey
{
    /// <summary>
    /// A worker's report, held until there is an order for it or <see cref="QueueOptions.ReportHold"/> is over. It registers the worker,
    /// renews the leases of the attempts that it names, and keeps this grain alive.
    /// </summary>
    [Alias("Report"), AlwaysInterleave]
    Task<WorkerOrders> Report(WorkerReport report);

    /// <summary>A job has new work, has changed its phase or has ended.</summary>
    [Alias("Poke"), AlwaysInterleave, OneWay]
    Task Poke(JobId job);

    /// <summary>Why a job waits, as the queue sees it; null when it does not know the job.</summary>
    [Alias("Explain"), AlwaysInterleave]
    Task<JobReason?> Explain(JobId job);

    /// <summary>The queue as a document.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<QueueStatus> Describe();

    /// <summary>Workers as they report, the dead of the last hour too.</summary>
    [Alias("ListWorkers"), AlwaysInterleave]
    Task<IReadOnlyList<WorkerStatus>> ListWorkers();

    /// <summary>What waits and runs, for the autoscaler.</summary>
    [Alias("MeasureLoad"), AlwaysInterleave]
    Task<QueueLoad> MeasureLoad();

    /// <summary>Tells workers to take nothing new; their running attempts go on. An empty list ends all drains.</summary>
    [Alias("Drain"), AlwaysInterleave]
    Task Drain(IReadOnlyList<WorkerId> workers);

    /// <summary>Whether the cluster was stopped on request; then nothing is granted, and waiting jobs say so.</summary>
    [Alias("SetStopped"), AlwaysInterleave]
    Task SetStopped(bool stopped);
}

/// <summary>What waits and runs now.</summary>
/// <param name="ReadyPartitions">Partitions of running jobs that only wait for a slot.</param>
/// <param name="BusySlots">Slots in use.</param>
/// <param name="MeanSeconds">How long a slot was held by one partition lately; null while none has ended.</param>
/// <param name="Gangs">Gangs that wait.</param>
[GenerateSerializer, Immutable, Alias("QueueLoad")]
internal sealed record QueueLoad(
    [property: Id(0)] int ReadyPartitions, [property: Id(1)] int BusySlots, [property: Id(2)] double? MeanSeconds, [property: Id(3)] IReadOnlyList<GangLoad> Gangs);

/// <summary>So many tasks of one size that begin at once.</summary>
[GenerateSerializer, Immutable, Alias("GangLoad")]
internal sealed record GangLoad([property: Id(0)] int Width, [property: Id(1)] ResourceRequest Resources);
