using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Concurrency;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// Orders all waiting work by priority and hands it to workers; its key is <see cref="GrainKeys.Queue"/>. It keeps nothing that
/// cannot be rebuilt from the job rows and the workers' reports.
/// </summary>
[Alias("IQueueGrain")]
internal interface IQueueGrain : IGrainWithStringKey
{
    /// <summary>
    /// A worker's report, held until there is an order for it or <see cref="QueueOptions.ReportHold"/> is over. It registers the
    /// worker, renews the leases of the attempts that it names, and keeps this grain alive.
    /// </summary>
    [Alias("Report"), AlwaysInterleave]
    Task<WorkerOrders> Report(WorkerReport report);

    /// <summary>A job has new work, has changed its phase or has ended.</summary>
    [Alias("Poke"), AlwaysInterleave, OneWay]
    Task Poke(JobId job);

    /// <summary>Why a job waits, as the queue sees it; null when it does not know the job.</summary>
    [Alias("Explain"), AlwaysInterleave]
    Task<JobReason?> Explain(JobId job);

    /// <summary>The queue as a document, with the first jobs that wait.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<QueueStatus> Describe();

    /// <summary>The queue as a document, with a page of the jobs that wait.</summary>
    [Alias("DescribePage"), AlwaysInterleave]
    Task<QueueStatus> DescribePage(QueuePage page);

    /// <summary>The queue in figures, however many jobs there are.</summary>
    [Alias("Measure"), AlwaysInterleave]
    Task<QueueFigures> Measure();

    /// <summary>Answers when the queue has read the database at least once.</summary>
    [Alias("Ping"), AlwaysInterleave]
    Task<bool> Ping();

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

/// <summary>Which of the jobs that wait are shown.</summary>
/// <param name="Size">How many, at most.</param>
/// <param name="After">Token of the page before; null for the first page.</param>
/// <param name="Only">Those that the reader may see; all when null.</param>
[GenerateSerializer, Immutable, Alias("QueuePage")]
internal sealed record QueuePage(
    [property: Id(0)] int Size, [property: Id(1)] string? After, [property: Id(2)] IReadOnlyList<JobId>? Only);

/// <summary>The queue in figures.</summary>
/// <param name="Backlog">What waits at each priority.</param>
/// <param name="ActiveJobs">Jobs that have not ended.</param>
/// <param name="RunningPartitions">Partitions that run.</param>
/// <param name="AtWork">Jobs that have something running, or had lately.</param>
[GenerateSerializer, Immutable, Alias("QueueFigures")]
internal sealed record QueueFigures(
    [property: Id(0)] IReadOnlyList<PriorityBacklog> Backlog, [property: Id(1)] int ActiveJobs,
    [property: Id(2)] int RunningPartitions,
    [property: Id(3)] IReadOnlyList<JobId> AtWork);

/// <summary>What waits and runs now.</summary>
/// <param name="ReadyPartitions">Partitions of running jobs that only wait for a slot.</param>
/// <param name="BusySlots">Slots in use.</param>
/// <param name="MeanSeconds">How long a slot was held by one partition lately; null while none has ended.</param>
/// <param name="Gangs">Gangs that wait.</param>
[GenerateSerializer, Immutable, Alias("QueueLoad")]
internal sealed record QueueLoad(
    [property: Id(0)] int ReadyPartitions, [property: Id(1)] int BusySlots, [property: Id(2)] double? MeanSeconds,
    [property: Id(3)] IReadOnlyList<GangLoad> Gangs);

/// <summary>So many tasks of one size that begin at once.</summary>
[GenerateSerializer, Immutable, Alias("GangLoad")]
internal sealed record GangLoad([property: Id(0)] int Width, [property: Id(1)] ResourceRequest Resources);
