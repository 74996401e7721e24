using System.Collections.Concurrent;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.ClusterTests;

/// <summary>Plans every job with one stage of some partitions, unless a test says otherwise.</summary>
internal sealed class FakePlanning(int partitions) : IJobPlanning
{
    private int calls;

    /// <summary>Called with the number of the call, from 1 on, before a plan is made.</summary>
    public Func<int, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public int Calls => calls;

    public async Task<JobPlan> Plan(JobSpec spec, IReadOnlyList<WiderType> wider, CancellationToken cancellationToken)
    {
        await Before(Interlocked.Increment(ref calls), cancellationToken);
        return PlanOf(partitions);
    }

    public Task<(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings)> PlanDataset(
        SourceSpec source, PartitioningSpec partitioning, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private static JobPlan PlanOf(int files)
    {
        const long Bytes = 1 << 20;
        var probe = new DatasetProbe
        {
            Format = SourceFormat.Csv, Columns = [],
            Files =
            [
                .. Enumerable.Range(0, files).Select(index => new SourceFile
                {
                    Stamp = new FileStamp($"/names/only/{index:000}.csv", Bytes, DateTimeOffset.UnixEpoch),
                    UncompressedBytes = Bytes, EstimatedRows = 100,
                }),
            ],
        };
        var (dataset, _) = Planning.Partitioning.PartitionPlanner.Plan(
            probe, new Dictionary<int, IReadOnlyList<AlignedRange>>(), new PartitioningSpec { TargetBytes = Bytes });
        return new JobPlan
        {
            Query = "SELECT 1", Columns = [], Datasets = new Dictionary<string, PlannedDataset> { ["source"] = dataset },
            Stages =
            [
                new StagePlan
                {
                    Index = 0, Name = "result", Query = "SELECT 1", Columns = [], EstimatedBytes = dataset.TotalBytes,
                    Inputs = [new StageInput("source", "source", null, InputMode.Partition)],
                    Output = new TaskOutput { Kind = OutputKind.Result },
                },
            ],
        };
    }
}

/// <summary>Shows outputs by counting them, unless a test says otherwise.</summary>
internal sealed class FakePublisher : IOutputPublisher
{
    private readonly ConcurrentQueue<(JobId Job, string Files)> shown = new();
    private int calls;
    private int cleared;

    /// <summary>Called with the number of the call, from 1 on, before it asks whether the job is still to be published.</summary>
    public Func<int, IReadOnlyList<PartitionRecord>, CancellationToken, Task> Before { get; set; } =
        (_, _, _) => Task.CompletedTask;

    /// <summary>Called behind the point of no return.</summary>
    public Func<Task> Behind { get; set; } = () => Task.CompletedTask;

    public int Calls => calls;

    /// <summary>
    /// Outputs that became visible, by their jobs. One that is made visible again is the same to whoever looks, and is here once.
    /// </summary>
    public IReadOnlyList<(JobId Job, string Files)> Shown => [.. shown.Distinct()];

    /// <summary>How often what an ended job left was removed.</summary>
    public int Cleared => cleared;

    public async Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken)
    {
        await Before(Interlocked.Increment(ref calls), partitions, cancellationToken);
        if (!await isWanted())
        {
            return null;
        }

        await Behind();
        var names = partitions.Select(partition => $"{partition.Task.Partition}-{partition.Attempt}").ToList();
        shown.Enqueue((job.State.Id, string.Join(' ', names)));
        return new PublishedOutput(
            new JobResult(names.Count, names.Count, [], [.. names.Select(name => new ResultFile(name, 1, 1, "ab"))]), []);
    }

    public Task Clear(JobRecord job, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref cleared);
        return Task.CompletedTask;
    }
}

/// <summary>Nobody writes artifacts here.</summary>
internal sealed class NoArtifacts : ICancelledArtifacts
{
    public Task Drop(JobId job, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Believes every loss.</summary>
internal sealed class BelievingJudge : ILossJudge
{
    public Task<LossVerdict> Judge(AttemptId producer, CancellationToken cancellationToken) => Task.FromResult(LossVerdict.Lost);
}

/// <summary>Halves nothing, and accepts no file that was written again.</summary>
internal sealed class NoHalves : IPartitionSplitter, ISourceRecheck
{
    public Task<IReadOnlyDictionary<TaskId, IReadOnlyList<PartitionWork>>> Find(
        JobPlan plan, IReadOnlyList<PartitionRecord> failed, IReadOnlyList<FileStamp> accepted,
        CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<TaskId, IReadOnlyList<PartitionWork>>>(
            new Dictionary<TaskId, IReadOnlyList<PartitionWork>>());

    public Task<IReadOnlyList<FileStamp>> FindAccepted(
        JobPlan plan, IReadOnlyList<FileStamp> before, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<FileStamp>>([]);
}
