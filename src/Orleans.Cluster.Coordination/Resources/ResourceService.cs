using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Resources;

namespace Orleans.Cluster.Coordination.Resources;

/// <summary>
/// What is offered, handed out and used, from the workers' reports and from the costs that are kept with attempts.
/// </summary>
internal sealed class ResourceService(
    IGrainFactory grains, IJobStore jobs, ICheckpointStore checkpoints, IOptions<QueueOptions> queue,
    IOptions<ExecutorOptions> executors, TimeProvider clock)
{
    /// <summary>Jobs looked at, newest first, and partitions of each: enough for advice, little enough for each poll.</summary>
    private const int Jobs = 25;
    private const int PartitionsPerJob = 500;

    /// <summary>What there is, and what jobs use of it: of one owner, or everybody's when null.</summary>
    public async Task<ResourceStatus> Describe(string? owner, CancellationToken cancellationToken)
    {
        var workers = await ListWorkers(cancellationToken);
        var page = await jobs.List(new JobFilter { PageSize = Jobs, Owner = owner }, cancellationToken);
        var described = new List<JobResources>();
        foreach (var job in page.Jobs)
        {
            described.Add(await Describe(job, cancellationToken));
        }

        return new ResourceStatus(
            new ResourceLimits(
                queue.Value.MaxActiveJobs, executors.Value.ScratchBytesPerAttempt, executors.Value.MemoryLimitFactor,
                workers.Select(worker => worker.Slots).DefaultIfEmpty(0).Max(),
                workers.Select(worker => worker.Memory.OfferedBytes).DefaultIfEmpty(0).Max(),
                workers.Select(worker => worker.Gpus).DefaultIfEmpty(0).Max()),
            workers, described);
    }

    /// <summary>What to change, as far as it shows in jobs of one owner, or everybody's when null.</summary>
    public async Task<RecommendationList> Recommend(string? owner, CancellationToken cancellationToken)
    {
        var now = await Describe(owner, cancellationToken);
        var waiting = await GrainCalls.Call(
            () => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).Describe(), clock, cancellationToken);
        return new RecommendationList(Recommendations.Make(now.Jobs, now.Workers, waiting));
    }

    private async Task<IReadOnlyList<WorkerResources>> ListWorkers(CancellationToken cancellationToken)
    {
        var workers = await GrainCalls.Call(
            () => grains.GetGrain<IQueueGrain>(GrainKeys.Queue).ListWorkers(), clock, cancellationToken);
        return
        [
            .. workers.Where(worker => worker.State != WorkerState.Dead).Select(worker => new WorkerResources(
                worker.Id, worker.State, worker.Slots, worker.Busy, worker.Memory, worker.Gpu, worker.Cpu,
                worker.MemoryCap, worker.SpilledBytes, worker.ScratchFreeBytes)),
        ];
    }

    private async Task<JobResources> Describe(JobRecord job, CancellationToken cancellationToken)
    {
        var partitions = job.State.Stages.Count == 0
            ? []
            : await checkpoints.ListWithAttempts(job.State.Id, null, null, PartitionsPerJob, cancellationToken);
        return new JobResources(
            job.State.Id, job.Spec.Name, job.State.Phase, job.Spec.Resources,
            partitions.Count(partition => partition.Partition.State == PartitionState.Running), Measure(partitions));
    }

    private static JobUsage? Measure(IReadOnlyList<(PartitionRecord Partition, IReadOnlyList<AttemptRecord> Attempts)> partitions)
    {
        var measured = partitions
            .SelectMany(
                partition => partition.Attempts.Where(attempt => attempt.Cost is not null).Select(
                    attempt => (partition.Partition.Work.Bytes, Cost: attempt.Cost!)))
            .OrderBy(item => item.Cost.Seconds)
            .ToList();
        return measured.Count == 0
            ? null
            : new JobUsage(
                measured.Count, measured.Sum(item => item.Cost.CpuSeconds), measured.Max(item => item.Cost.PeakMemoryBytes),
                measured.Sum(item => item.Cost.SpilledBytes),
                measured.Average(item => item.Cost.Seconds), measured[measured.Count / 2].Cost.Seconds, measured[^1].Cost.Seconds,
                (long)measured.Average(item => (double)item.Bytes),
                partitions.Sum(
                    partition => partition.Attempts.Count(attempt => attempt.Failure is { Kind: FailureKind.OutOfMemory })),
                measured.Sum(item => item.Cost.StagedBytes));
    }
}
