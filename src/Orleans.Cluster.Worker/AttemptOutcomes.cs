using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Stores how attempts end. A finished attempt is worth waiting for the database; each try is decided by its guards, so that
/// trying again is safe.
/// </summary>
internal sealed partial class AttemptOutcomes(
    ICheckpointStore checkpoints, ILossJudge losses, StoreBlame blame, TimeProvider clock, ILogger<AttemptOutcomes> logger)
{
    // Storage that is away longer than this has cost the attempt its lease; its partition runs again elsewhere.
    private static readonly TimeSpan StoragePatience = TimeSpan.FromMinutes(10);

    /// <summary>Makes an attempt's output count.</summary>
    public async Task<CommitAnswer> Commit(RunningAttempt attempt, TaskManifest manifest)
    {
        using var span = JobTrace.StartPart("commit");
        var answer = await UntilStored(attempt, () => checkpoints.Commit(
            new AttemptCommit(
                attempt.Id, attempt.Partition.Epoch, attempt.Worker, ArtifactPath.Of(attempt.Id), manifest, clock.GetUtcNow()),
            CancellationToken.None));
        if (answer == CommitAnswer.Fenced)
        {
            Log.Fenced(logger, attempt.Id);
        }

        return answer;
    }

    /// <summary>Notes an attempt's bad end.</summary>
    public async Task End(RunningAttempt attempt, AttemptFailure failure, DateTimeOffset endedAt)
    {
        var judged = await blame.Judge(failure, CancellationToken.None);
        await UntilStored(attempt, () => checkpoints.End(
            new AttemptEnd(attempt.Id, attempt.Worker, judged, attempt.Cost, endedAt), CancellationToken.None));
    }

    /// <summary>
    /// An artifact that an attempt could not read runs again, if another process cannot read it either; the attempt then waits
    /// for it.
    /// </summary>
    public async Task ReportLoss(RunningAttempt attempt, AttemptId producer, string why)
    {
        if (await UntilStored(attempt, () => losses.Judge(producer, attempt.Cancelled)) == LossVerdict.Lost)
        {
            Log.ArtifactLost(logger, attempt.Id, producer, why);
            await UntilStored(attempt, () => checkpoints.Invalidate(producer, why, clock.GetUtcNow(), CancellationToken.None));
        }
    }

    private async Task<T> UntilStored<T>(RunningAttempt attempt, Func<Task<T>> store)
    {
        var until = clock.GetUtcNow() + StoragePatience;
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = pause < TimeSpan.FromSeconds(3) ? pause * 2 : pause)
        {
            try
            {
                return await store();
            }
            catch (StorageUnavailableException exception) when (clock.GetUtcNow() < until)
            {
                Log.StorageAway(logger, attempt.Id, exception.Message);
                await Task.Delay(pause, clock);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 328, Level = LogLevel.Information,
            Message = "Attempt {Attempt} was not committed: its partition was given to another attempt, or its job no longer "
                + "runs. Its output is removed.")]
        public static partial void Fenced(ILogger logger, AttemptId attempt);

        [LoggerMessage(
            EventId = 322, Level = LogLevel.Warning,
            Message = "Attempt {Attempt} found the output of {Producer} lost: {Message}")]
        public static partial void ArtifactLost(ILogger logger, AttemptId attempt, AttemptId producer, string message);

        [LoggerMessage(EventId = 323, Level = LogLevel.Warning, Message = "Attempt {Attempt} waits for the database: {Message}")]
        public static partial void StorageAway(ILogger logger, AttemptId attempt, string message);
    }
}
