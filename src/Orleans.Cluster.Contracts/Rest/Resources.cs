namespace Orleans.Cluster.Contracts.Rest;

/// <summary>What the cluster offers, has handed out and uses.</summary>
/// <param name="Limits">Bounds that hold for every job.</param>
/// <param name="Workers">Workers that live.</param>
/// <param name="Jobs">Jobs that have not ended, and those that ended last; newest first.</param>
public sealed record ResourceStatus(
    ResourceLimits Limits, IReadOnlyList<WorkerResources> Workers, IReadOnlyList<JobResources> Jobs);

/// <summary>Bounds that hold for every job.</summary>
/// <param name="MaxActiveJobs">Jobs that have not ended, at most.</param>
/// <param name="ScratchBytesPerAttempt">Bytes that one attempt may spill and stage locally.</param>
/// <param name="MemoryLimitFactor">
/// Share of <c>resources.memoryBytes</c> above which an executor is stopped as out of memory.
/// </param>
/// <param name="LargestWorkerSlots">Slots of the worker that has most; a task cannot ask for more.</param>
/// <param name="LargestWorkerMemoryBytes">Memory of the worker that offers most; a task cannot ask for more.</param>
/// <param name="LargestWorkerGpus">GPUs of the worker that offers most; a task cannot ask for more.</param>
public sealed record ResourceLimits(
    int MaxActiveJobs, long ScratchBytesPerAttempt, double MemoryLimitFactor, int LargestWorkerSlots,
    long LargestWorkerMemoryBytes, int LargestWorkerGpus);

/// <summary>One worker's resources.</summary>
/// <param name="Id">The worker.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Slots">Slots that it offers.</param>
/// <param name="BusySlots">Slots handed out.</param>
/// <param name="Memory">Memory offered, handed out, and held by its processes.</param>
/// <param name="Gpus">GPUs that it offers.</param>
/// <param name="Cpu">Processors in use; 1.0 is one.</param>
/// <param name="MemoryCap">What holds its executors to their memory.</param>
/// <param name="SpilledBytes">Bytes that its attempts have spilled to local disk now.</param>
/// <param name="ScratchFreeBytes">Bytes that are free on that disk.</param>
public sealed record WorkerResources(
    WorkerId Id, WorkerState State, int Slots, int BusySlots, WorkerMemory Memory, int Gpus, double Cpu,
    MemoryCap? MemoryCap = null, long SpilledBytes = 0, long ScratchFreeBytes = 0);

/// <summary>One job's resources.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">As given at submit.</param>
/// <param name="Status">Its phase.</param>
/// <param name="Asked">What each of its tasks asks for.</param>
/// <param name="Running">Tasks that run; each holds what was asked.</param>
/// <param name="Usage">What its attempts used; null before the first has committed.</param>
public sealed record JobResources(JobId Id, string? Name, JobPhase Status, ResourceRequest Asked, int Running, JobUsage? Usage);

/// <summary>What committed attempts of a job used, as their executors measured it.</summary>
/// <param name="Attempts">Attempts that were measured.</param>
/// <param name="CpuSeconds">Processor time of all.</param>
/// <param name="PeakMemoryBytes">Largest resident size of an executor.</param>
/// <param name="SpilledBytes">Bytes written to local disk for want of memory, of all.</param>
/// <param name="MeanSeconds">Mean length of an attempt.</param>
/// <param name="MedianSeconds">Median length.</param>
/// <param name="MaxSeconds">Longest.</param>
/// <param name="MeanBytes">Mean bytes that a partition reads.</param>
/// <param name="OutOfMemory">Attempts that ended for want of memory.</param>
/// <param name="StagedBytes">Bytes of text copied to local disk to be read, of all.</param>
public sealed record JobUsage(
    int Attempts, double CpuSeconds, long PeakMemoryBytes, long SpilledBytes, double MeanSeconds, double MedianSeconds,
    double MaxSeconds, long MeanBytes,
    int OutOfMemory, long StagedBytes = 0);

/// <summary>Advice from what was measured.</summary>
/// <param name="Items">Largest gain first; empty when there is nothing to change.</param>
public sealed record RecommendationList(IReadOnlyList<Recommendation> Items);

/// <summary>One piece of advice.</summary>
/// <param name="Code">
/// A lower-case word: <c>memory-too-large</c>, <c>memory-too-small</c>, <c>partitions-too-small</c>, <c>partitions-too-large</c>,
/// <c>skew</c>, <c>idle-slots</c>, <c>add-workers</c>, <c>remove-workers</c>.
/// </param>
/// <param name="Job">The job that it is about; null for the cluster.</param>
/// <param name="Advice">What to change.</param>
/// <param name="Evidence">What was measured.</param>
/// <param name="ExpectedGain">What following it should bring.</param>
/// <param name="Settings">Fields of the next submit, or settings of the cluster, by name, with the value to give them.</param>
public sealed record Recommendation(
    string Code, JobId? Job, string Advice, string Evidence, string ExpectedGain, IReadOnlyDictionary<string, long> Settings);
