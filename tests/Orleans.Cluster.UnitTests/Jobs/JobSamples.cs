using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>A small two-stage job (scan three partitions, merge) in each of its phases.</summary>
internal static class JobSamples
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly JobId Id = JobId.Parse("01JD0000000000000000000001");
    public static readonly JobSpec Spec = new()
    {
        Operation = OperationKind.Aggregate, Retry = new RetrySpec { MaxAttempts = 2 },
    };
    private static readonly ColumnSchema[] Columns = [new("gene", "VARCHAR"), new("total", "BIGINT")];

    public static JobPlan Plan { get; } = new()
    {
        Query = "SELECT gene, sum(count) AS total FROM source GROUP BY gene",
        Columns = Columns,
        Datasets = new Dictionary<string, PlannedDataset>
        {
            ["source"] = new()
            {
                Format = SourceFormat.Csv,
                Columns = Columns,
                TotalBytes = 300,
                Partitions =
                    [.. Enumerable.Range(0, 3).Select(index => new DataPartition { Index = index, Slices = [], Bytes = 100 })],
            },
        },
        Stages =
        [
            new StagePlan
            {
                Index = 0, Name = "partial", Query = "SELECT 1", Columns = Columns, EstimatedBytes = 300,
                Inputs = [new StageInput("source", "source", null, InputMode.Partition)],
                Output = new TaskOutput { Kind = OutputKind.Exchange, Targets = 2 },
            },
            new StagePlan
            {
                Index = 1, Name = "merge", Query = "SELECT 2", Columns = Columns,
                Inputs = [new StageInput("partial", null, 0, InputMode.Target)],
                Output = new TaskOutput { Kind = OutputKind.Result },
            },
        ],
    };

    public static JobState State(JobPhase phase) =>
        new() { Id = Id, Priority = JobPriority.Normal, Phase = phase, CreatedAt = Now };

    public static JobState Running(StagePhase first = StagePhase.Open, StagePhase second = StagePhase.Pending) =>
        State(JobPhase.Running) with
    {
        Stages = [new StageState(0, first, 3), new StageState(1, second, 1)],
    };

    public static StageTally Tally(int stage, int total, int committed = 0, int running = 0, int failed = 0) => new(
        stage, total, total - committed - running - failed, running, committed, failed, 0, 0, total * 100L, committed * 100L, 0,
        0, 0, 0);

    public static PartitionRecord Partition(
        int partition, int attempt = 1, FailureKind? failure = null, int faults = 0, int crashes = 0) => new()
    {
        Task = new TaskId(Id, 0, partition),
        Epoch = 1,
        Order = $"{partition}",
        State = failure is null ? PartitionState.Running : PartitionState.Failed,
        Attempt = attempt,
        Faults = faults,
        Crashes = crashes,
        Work = new PartitionWork(),
        Failure = failure is { } kind ? new AttemptFailure(kind, "it broke") : null,
    };

    public static PartitionRecord Committed(int partition, params (int Target, long Bytes)[] files) => Partition(partition) with
    {
        State = PartitionState.Committed,
        ArtifactFolder = $"{Id}/0/{partition}/1",
        Manifest = new TaskManifest
        {
            Files = [.. files.Select(file => new ArtifactFile($"{file.Target}.parquet", file.Target, 10, file.Bytes, "00"))],
        },
    };

    public static JobDecision Observe(JobState state, params StageTally[] tallies) =>
        JobTransitions.Apply(
            state, new Observed(
                new JobFacts
                {
                    Now = Now, Plan = Plan, Tallies = tallies, RunningAttempts = tallies.Sum(tally => tally.Running),
                }), Spec);
}
