using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Publishes one job's output. Every try ends in something that the job reacts to, or in a line of the log and another try; those are bounded,
/// whatever was thrown, so that no job stands in PUBLISHING for ever.
/// </summary>
internal sealed partial class JobPublishing(
    JobId id, IJobStore jobs, ICheckpointStore checkpoints, IOutputPublisher publisher, ILossJudge losses, TimeProvider clock, ILogger logger)
{
    /// <summary>A folder that cannot be written to for so long needs somebody who looks after it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What nobody expected is not mended by waiting; a few tries tell chance from rule.</summary>
    public const int MaxUnexpected = 3;

    // Beside progress, hardly anything changes the row of a job that publishes.
    private const int MaxLostRaces = 100;

    private long? trouble;
    private int unexpected;

    /// <summary>Publishes, unless the job has moved on.</summary>
    /// <returns>What follows for the job; null when it is to look again.</returns>
    /// <exception cref="StorageUnavailableException">The database is away; nothing is decided by that.</exception>
    public async Task<JobEvent?> Try(JobRecord job, JobPlan plan, CancellationToken cancellationToken) =>
        await TryNow(job, plan, cancellationToken) switch
        {
            JobRefused refused => refused with { Epoch = job.State.Epoch },
            Published published => published with { Epoch = job.State.Epoch },
            var other => other,
        };

    private async Task<JobEvent?> TryNow(JobRecord job, JobPlan plan, CancellationToken cancellationToken)
    {
        var epoch = job.State.Epoch;
        using var span = JobTrace.Start("publish", id, epoch);
        try
        {
            var stage = plan.Stages[^1].Index;
            var partitions = (await checkpoints.List(id, stage, cancellationToken)).Where(partition => partition.State != PartitionState.Split).ToList();
            if (partitions.Count == 0 || partitions.Any(partition => partition.State != PartitionState.Committed))
            {
                return null; // The next look says so too, and runs what is missing.
            }

            AttemptId[] attempts = [.. partitions.Select(partition => new AttemptId(partition.Task, partition.Attempt))];
            var output = await publisher.Publish(job, plan, partitions, () => TryBeginShowing(epoch, stage, attempts), cancellationToken);
            (trouble, unexpected) = (null, 0);
            return output is null ? null : new Published(output.Result, output.Notes, clock.GetUtcNow());
        }
        catch (ClusterException refusal)
        {
            return new JobRefused(refusal.Problem, clock.GetUtcNow());
        }
        catch (ArtifactLostException lost)
        {
            return await OnLost(epoch, lost, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null; // The job has ended, or this activation leaves.
        }
        catch (StorageUnavailableException)
        {
            throw;
        }
        catch (IOException exception)
        {
            return OnTrouble(exception);
        }
        catch (Exception exception)
        {
            Log.PublishingBroken(logger, exception, id);
            return ++unexpected < MaxUnexpected ? null : GiveUp($"in {MaxUnexpected} tries", exception);
        }
    }

    // Nothing is visible yet: what is believed to be lost runs again, and the job publishes anew. What another process sees is there, and
    // this one's trouble.
    private async Task<JobEvent?> OnLost(int epoch, ArtifactLostException lost, CancellationToken cancellationToken)
    {
        Log.ArtifactLost(logger, id, lost.Producer, lost.Message);
        if (await losses.Judge(lost.Producer, cancellationToken) != LossVerdict.Lost)
        {
            return OnTrouble(lost);
        }

        var runsAgain = await checkpoints.Invalidate(lost.Producer, lost.Message, clock.GetUtcNow(), CancellationToken.None);
        return runsAgain || !await IsShowing(epoch) || ++unexpected < MaxUnexpected ? null : GiveUp($"in {MaxUnexpected} tries", lost);
    }

    private JobRefused? OnTrouble(Exception exception)
    {
        trouble ??= clock.GetTimestamp();
        Log.NotPublished(logger, id, exception.Message);
        return clock.GetElapsedTime(trouble.Value) < Patience ? null : GiveUp($"for {Patience.TotalMinutes:0} minutes", exception);
    }

    // Past the point of no return no partition runs again, so a publisher that was killed there and finds its files gone cannot go on by itself.
    // A retry begins before that point.
    private async Task<bool> IsShowing(int epoch) =>
        await jobs.Find(id, CancellationToken.None) is { State: { Phase: JobPhase.Publishing, IsShowing: true } state } && state.Epoch == epoch;

    // The point of no return: in one transaction the row is still to be published and the stage is what was copied.
    private async Task<bool> TryBeginShowing(int epoch, int stage, IReadOnlyCollection<AttemptId> attempts)
    {
        for (var race = 0; race < MaxLostRaces; race++)
        {
            if (await jobs.Find(id, CancellationToken.None) is not { State: { Phase: JobPhase.Publishing } state } job || state.Epoch != epoch)
            {
                return false;
            }

            var decision = JobTransitions.Apply(state, new ShowRequested(epoch), job.Spec);
            var next = decision.State with { Revision = state.Revision + 1, Decisions = state.Decisions + 1 };
            if (await jobs.TryApply(
                new JobChange { ExpectedRevision = state.Revision, State = next, OnlyIfCommitted = (stage, attempts) }, CancellationToken.None))
            {
                return true;
            }

            var partitions = await checkpoints.List(id, stage, CancellationToken.None);
            if (partitions.Any(partition => partition.State is not (PartitionState.Committed or PartitionState.Split)
                || (partition.State == PartitionState.Committed && !attempts.Contains(new AttemptId(partition.Task, partition.Attempt)))))
            {
                return false;
            }
        }

        throw new IOException($"The row of job {id} changed {MaxLostRaces} times while its output was about to be made visible.");
    }

    private JobRefused GiveUp(string how, Exception exception) => new(
        ProblemDocument.Of(
            Contracts.ProblemCode.Internal, $"The output could not be published {how}: {exception.Message}",
            "/retry publishes again; what was computed is kept."),
        clock.GetUtcNow());

    private static partial class Log
    {
        [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "Job {JobId}: the output could not be published yet: {Message}")]
        public static partial void NotPublished(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "Job {JobId} found the output of {Producer} lost when it was to be published: {Message}")]
        public static partial void ArtifactLost(ILogger logger, JobId jobId, AttemptId producer, string message);

        [LoggerMessage(EventId = 109, Level = LogLevel.Error, Message = "Job {JobId}: publishing broke.")]
        public static partial void PublishingBroken(ILogger logger, Exception exception, JobId jobId);
    }
}
