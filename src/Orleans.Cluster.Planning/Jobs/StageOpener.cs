using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// What is known of a stage only when it opens: how many partitions it has and what each reads. It follows from the plan and from
/// what earlier stages committed, so every activation that opens the stage makes the same partitions.
/// </summary>
public static class StageOpener
{
    /// <summary>
    /// Compressed bytes of exchange that one task reads at least, where neighbouring targets can be joined to reach it. A task
    /// groups 40 MB of them a second and has fixed costs of some 30 ms: below this it would have little but those, above it slots
    /// stay empty at the end of a job.
    /// </summary>
    public const long CoalesceBytes = 5L << 20;

    /// <summary>Partitions that a stage will have, as far as the plan alone tells.</summary>
    public static int EstimateCount(JobPlan plan, StagePlan stage)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stage);
        return Driver(stage) switch
        {
            { Mode: InputMode.Partition, Dataset: { } dataset } => Math.Max(1, plan.Datasets[dataset].Partitions.Count),
            { Mode: InputMode.Partition } => stage.Inputs.Where(input => input is { Mode: InputMode.Partition, Stage: not null })
                .Sum(input => EstimateCount(plan, plan.Stages[input.Stage!.Value])),
            { Mode: InputMode.Chunk, Stage: { } upstream } => EstimatePieces(plan, plan.Stages[upstream]),
            _ => 1,
        };
    }

    /// <summary>Partitions that a stage will have at least, which is exact for those that read a dataset by partition.</summary>
    public static int LeastCount(JobPlan plan, StagePlan stage)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stage);
        return Driver(stage) switch
        {
            { Mode: InputMode.Partition, Dataset: { } dataset } => Math.Max(1, plan.Datasets[dataset].Partitions.Count),
            { Mode: InputMode.Partition } => stage.Inputs.Where(input => input is { Mode: InputMode.Partition, Stage: not null })
                .Sum(input => LeastCount(plan, plan.Stages[input.Stage!.Value])),
            _ => 1,
        };
    }

    /// <summary>Partitions of a stage that opens.</summary>
    /// <param name="job">The job.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="stageIndex">The stage.</param>
    /// <param name="committed">Committed partitions of its upstream stages, by stage, in order.</param>
    /// <param name="coalesceBytes">Bytes below which neighbouring targets are read by one task.</param>
    /// <returns>At least one; a stage over no data runs once over empty tables.</returns>
    public static IReadOnlyList<PartitionRecord> Open(
        JobId job, int epoch, JobPlan plan, int stageIndex, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> committed,
        long coalesceBytes = CoalesceBytes)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(committed);
        var stage = plan.Stages[stageIndex];
        var work = Work(plan, stage, committed, coalesceBytes);
        return
        [
            .. work.Select((item, index) => new PartitionRecord
            {
                Task = new TaskId(job, stageIndex, index),
                Epoch = epoch,
                Order = index.ToString(System.Globalization.CultureInfo.InvariantCulture),
                State = PartitionState.Waiting,
                Work = item,
            }),
        ];
    }

    private static IReadOnlyList<PartitionWork> Work(
        JobPlan plan, StagePlan stage, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> committed, long coalesceBytes)
    {
        var driver = Driver(stage);
        IReadOnlyList<PartitionWork> work = driver switch
        {
            { Mode: InputMode.Partition, Dataset: { } dataset } => Scan(plan.Datasets[dataset]),
            { Mode: InputMode.Partition } =>
                OneToOne([.. stage.Inputs.Where(input => input.Mode == InputMode.Partition)], committed),
            { Mode: InputMode.Chunk, Stage: { } upstream } => Chunks(committed[upstream]),
            { Mode: InputMode.Target } => TargetWork.Of(plan, stage, committed, coalesceBytes),
            _ => [new PartitionWork { Bytes = stage.EstimatedBytes }],
        };
        return work.Count > 0 ? work : [new PartitionWork { Slices = [] }];
    }

    private static int EstimatePieces(JobPlan plan, StagePlan rechunk)
    {
        var dataset = plan.Datasets[rechunk.Inputs.Single().Dataset!];
        return (int)Math.Clamp(dataset.InflatedBytes / Math.Max(1, dataset.PieceBytes ?? long.MaxValue), 1, int.MaxValue);
    }

    // The input whose parts are the stage's partitions. Inputs of mode All are read whole by each.
    private static StageInput? Driver(StagePlan stage) => stage.Inputs.FirstOrDefault(input => input.Mode != InputMode.All);

    private static List<PartitionWork> Scan(PlannedDataset dataset) =>
    [
        .. dataset.Partitions.Select(partition => new PartitionWork
        {
            Slices = partition.Slices,
            Bytes = partition.Bytes,
            EstimatedRows = partition.EstimatedRows,
        }),
    ];

    // Several inputs of this kind follow each other, as the sides of a union do: each task reads a partition of one of them.
    private static List<PartitionWork> OneToOne(
        IReadOnlyList<StageInput> inputs, IReadOnlyDictionary<int, IReadOnlyList<PartitionRecord>> committed) =>
    [
        .. from input in inputs
           from partition in committed[input.Stage!.Value]
           select new PartitionWork
           {
               UpstreamPartition = partition.Task.Partition,
               UpstreamInput = inputs.Count == 1 ? null : input.Name,
               Bytes = Files(partition).Sum(file => file.Bytes),
               EstimatedRows = Files(partition).Sum(file => file.Rows),
           },
    ];

    private static List<PartitionWork> Chunks(IReadOnlyList<PartitionRecord> upstream) =>
    [
        .. from partition in upstream
           from file in Files(partition).OrderBy(file => file.Target)
           select new PartitionWork
           {
               UpstreamPartition = partition.Task.Partition,
               FirstTarget = file.Target,
               Bytes = file.Bytes,
               EstimatedRows = file.Rows,
           },
    ];

    /// <summary>Files of rows that a committed partition wrote.</summary>
    internal static IEnumerable<ArtifactFile> Files(PartitionRecord partition) =>
        (partition.Manifest
            ?? throw new ArgumentException($"Partition {partition.Task} has not committed.")).Files.Where(file =>
                !file.IsQuarantine);
}
