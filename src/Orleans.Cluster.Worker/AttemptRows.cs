using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>What the table says that this worker runs: begins attempts there, lists them, and gives them back.</summary>
internal sealed partial class AttemptRows(
    ICheckpointStore checkpoints, WorkerIdentity self, TimeProvider clock, ILogger<AttemptRows> logger)
{
    /// <summary>Begins at most <paramref name="count"/> attempts of what a grant allows.</summary>
    /// <returns>The partitions whose attempts are this worker's from now on; fewer than asked where others were faster.</returns>
    public Task<IReadOnlyList<PartitionRecord>> Begin(Match match, int count) => checkpoints.Begin(
        new BeginRequest(match.Job, match.Epoch, match.Stage, count, self.Id, clock.GetUtcNow()), CancellationToken.None);

    /// <summary>Of the attempts that the queue has begun for a gang's part, those that are still this worker's.</summary>
    public async Task<IReadOnlyList<PartitionRecord>> ListBegun(Match part, IReadOnlyList<AttemptId> attempts) =>
    [
        .. (await checkpoints.List(part.Job, part.Stage, CancellationToken.None)).Where(partition =>
            partition.State == PartitionState.Running && partition.Worker == self.Id
                && attempts.Contains(new AttemptId(partition.Task, partition.Attempt))),
    ];

    /// <summary>All attempts that the table says this worker runs.</summary>
    public Task<IReadOnlyList<AttemptId>> ListHeld(CancellationToken cancellationToken) =>
        checkpoints.ListHeld(self.Id, cancellationToken);

    /// <summary>
    /// Gives back attempts that this worker does not run, so that others may. They count neither as failed nor as lost.
    /// </summary>
    public async Task GiveBack(IReadOnlyList<AttemptId> attempts, CancellationToken cancellationToken)
    {
        await checkpoints.Release(new WorkerRelease(self.Id, attempts, clock.GetUtcNow()), cancellationToken);
        Log.GivenBack(logger, self.Id, attempts.Count);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 333, Level = LogLevel.Warning,
            Message = "Worker {Worker} gives {Count} attempts back that it does not run.")]
        public static partial void GivenBack(ILogger logger, WorkerId worker, int count);
    }
}
