using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Planning.Insight;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Insight;

/// <summary>Attempts and partitions as a job leaves them.</summary>
internal static class InsightFacts
{
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    public static readonly JobId Job = JobId.Parse("01JD7Z4Q8M3K5T6V7W8X9Y0ABC");

    public static AttemptRecord Attempt(
        int partition, double from, double? to, string worker = "worker-1", AttemptState state = AttemptState.Committed,
        int number = 1,
        FailureKind? failure = null, TaskCost? cost = null, int stage = 0) => new(
        new AttemptId(new TaskId(Job, stage, partition), number), new WorkerId(worker), state, Start.AddSeconds(from),
        to is { } end ? Start.AddSeconds(end) : null, failure is { } kind
        ? new AttemptFailure(kind, $"It ended with {kind}.")
        : null, cost);

    public static PartitionRecord Partition(
        int partition, long rows, int stage = 0, PartitionState state = PartitionState.Committed) => new()
    {
        Task = new TaskId(Job, stage, partition), Epoch = 1, Order = $"{partition}", State = state, Attempt = 1,
        Work = new PartitionWork { Bytes = rows * 10 },
        Manifest = new TaskManifest { RowsIn = rows, RowsOut = rows, BytesIn = rows * 10, Files = [], Columns = [] },
    };

    public static StoryFacts Facts(
        IReadOnlyList<PartitionRecord> partitions, IReadOnlyList<AttemptRecord> attempts, JobPhase phase = JobPhase.Succeeded) =>
        new()
    {
        Status = new JobStatus
        {
            Id = Job, Operation = OperationKind.Aggregate, Priority = JobPriority.Normal, Phase = phase, Revision = 7,
            CreatedAt = Start.AddSeconds(-0.5),
            StartedAt = Start, FinishedAt = phase.IsTerminal() ? Start.AddSeconds(20) : null,
            Progress = new JobProgress
            {
                Partitions = new PartitionCounts(partitions.Count, partitions.Count, 0, 0, 0),
                Stages = [new StageProgress(0, "scan", partitions.Count, partitions.Count)],
            },
        },
        Changes = [new(Start.AddSeconds(-0.5), JobPhase.Queued, null), new(Start, JobPhase.Running, null),
            new(Start.AddSeconds(20), phase, null)],
        Partitions = partitions, Attempts = attempts, Asked = new ResourceRequest(), TargetBytes = 104_857_600,
        Now = Start.AddSeconds(30),
    };
}
