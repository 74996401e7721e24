using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Publishes outputs of jobs. Every try ends in something that the job reacts to, or in a line of the log and another try; those
/// are bounded by the <see cref="PublishingTries"/> of each job, whatever was thrown.
/// </summary>
internal sealed partial class JobPublishing(
    IJobStore jobs, ICheckpointStore checkpoints, IOutputPublisher publisher, ICancelledArtifacts artifacts, ILossJudge losses,
    TimeProvider clock, ILogger<JobPublishing> logger)
{
    // Beside progress, hardly anything changes the row of a job that publishes.
    private const int MaxLostRaces = 100;

    /// <summary>Publishes, unless the job has moved on.</summary>
    /// <returns>What follows for the job; null when it is to look again.</returns>
    /// <exception cref="StorageUnavailableException">The database is away; nothing is decided by that.</exception>
    public async Task<JobEvent?> Try(JobRecord job, JobPlan plan, PublishingTries tries, CancellationToken cancellationToken) =>
        await TryNow(job, plan, tries, cancellationToken) switch
        {
            JobRefused refused => refused with { Epoch = job.State.Epoch },
            Published published => published with { Epoch = job.State.Epoch },
            var other => other,
        };

    /// <summary>
    /// Removes what a job that ended without a result left in its output folder, and of one that was cancelled all that it had in
    /// the artifact store. Never throws: the janitor tries again.
    /// </summary>
    public async Task Clear(JobRecord ended)
    {
        try
        {
            if (ended.State.Phase == JobPhase.Cancelled)
            {
                await artifacts.Drop(ended.State.Id, CancellationToken.None);
            }

            if (ended.State.Phase is JobPhase.Failed or JobPhase.Cancelled)
            {
                await publisher.Clear(ended, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            Log.NotCleared(logger, ended.State.Id, exception.Message);
        }
    }

    private async Task<JobEvent?> TryNow(JobRecord job, JobPlan plan, PublishingTries tries, CancellationToken cancellationToken)
    {
        var (id, epoch) = (job.State.Id, job.State.Epoch);
        using var span = JobTrace.Start("publish", id, epoch);
        try
        {
            var stage = plan.Stages[^1].Index;
            var partitions = (await checkpoints.List(id, stage, cancellationToken)).Where(
                partition => partition.State != PartitionState.Split).ToList();
            if (partitions.Count == 0 || partitions.Any(partition => partition.State != PartitionState.Committed))
            {
                return null; // The next look says so too, and runs what is missing.
            }

            AttemptId[] attempts = [.. partitions.Select(partition => new AttemptId(partition.Task, partition.Attempt))];
            var output = await publisher.Publish(
                job, plan, partitions, () => TryBeginShowing(id, epoch, stage, attempts), cancellationToken);
            tries.Succeeded();
            return output is null ? null : new Published(output.Result, output.Notes, clock.GetUtcNow());
        }
        catch (ClusterException refusal)
        {
            return new JobRefused(refusal.Problem, clock.GetUtcNow());
        }
        catch (ArtifactLostException lost)
        {
            return await OnLost(job, lost, tries, cancellationToken);
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
            return OnTrouble(id, exception, tries);
        }
        catch (Exception exception)
        {
            Log.PublishingBroken(logger, exception, id);
            return GiveUp(tries.GiveUpOnSurprise(), exception);
        }
    }

    // Nothing is visible yet: what is believed to be lost runs again, and the job publishes anew. What another process sees is
    // there, and this one's trouble.
    private async Task<JobEvent?> OnLost(
        JobRecord job, ArtifactLostException lost, PublishingTries tries, CancellationToken cancellationToken)
    {
        Log.ArtifactLost(logger, job.State.Id, lost.Producer, lost.Message);
        if (await losses.Judge(lost.Producer, cancellationToken) != LossVerdict.Lost)
        {
            return OnTrouble(job.State.Id, lost, tries);
        }

        var runsAgain = await checkpoints.Invalidate(lost.Producer, lost.Message, clock.GetUtcNow(), CancellationToken.None);
        return runsAgain || !await IsShowing(job.State) ? null : GiveUp(tries.GiveUpOnSurprise(), lost);
    }

    private JobRefused? OnTrouble(JobId id, Exception exception, PublishingTries tries)
    {
        Log.NotPublished(logger, id, exception.Message);
        return GiveUp(tries.GiveUpOnTrouble(clock.GetElapsedTime(0)), exception);
    }

    // Past the point of no return no partition runs again, so a publisher that was killed there and finds its files gone cannot
    // go on by itself. A retry begins before that point.
    private async Task<bool> IsShowing(JobState begun) =>
        await jobs.Find(begun.Id, CancellationToken.None) is { State: { Phase: JobPhase.Publishing, IsShowing: true } state }
            && state.Epoch == begun.Epoch;

    // The point of no return: in one transaction the row is still to be published and the stage is what was copied.
    private async Task<bool> TryBeginShowing(JobId id, int epoch, int stage, IReadOnlyCollection<AttemptId> attempts)
    {
        for (var race = 0; race < MaxLostRaces; race++)
        {
            if (await jobs.Find(id, CancellationToken.None) is not { State: { Phase: JobPhase.Publishing } state } job
                || state.Epoch != epoch)
            {
                return false;
            }

            var decision = JobTransitions.Apply(state, new ShowRequested(epoch), job.Spec);
            var next = decision.State with { Revision = state.Revision + 1, Decisions = state.Decisions + 1 };
            if (await jobs.TryApply(
                new JobChange { ExpectedRevision = state.Revision, State = next, OnlyIfCommitted = (stage, attempts) },
                CancellationToken.None))
            {
                return true;
            }

            var partitions = await checkpoints.List(id, stage, CancellationToken.None);
            if (partitions.Any(partition => partition.State is not (PartitionState.Committed or PartitionState.Split)
                || (
                    partition.State == PartitionState.Committed
                        && !attempts.Contains(new AttemptId(partition.Task, partition.Attempt)))))
            {
                return false;
            }
        }

        throw new IOException($"The row of job {id} changed {MaxLostRaces} times while its output was about to be made visible.");
    }

    // Null to try again.
    private JobRefused? GiveUp(string? tried, Exception exception) => tried is null
        ? null
        : new JobRefused(
            ProblemDocument.Of(
                Contracts.ProblemCode.Internal, $"The output could not be published {tried}: {exception.Message}",
                "/retry publishes again; what was computed is kept."),
            clock.GetUtcNow());

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 103, Level = LogLevel.Warning, Message = "Job {JobId}: the output could not be published yet: {Message}")]
        public static partial void NotPublished(ILogger logger, JobId jobId, string message);

        [LoggerMessage(
            EventId = 107, Level = LogLevel.Warning,
            Message = "Job {JobId} found the output of {Producer} lost when it was to be published: {Message}")]
        public static partial void ArtifactLost(ILogger logger, JobId jobId, AttemptId producer, string message);

        [LoggerMessage(
            EventId = 112, Level = LogLevel.Warning,
            Message = "Job {JobId}: what it left is not removed yet: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);

        [LoggerMessage(EventId = 109, Level = LogLevel.Error, Message = "Job {JobId}: publishing broke.")]
        public static partial void PublishingBroken(ILogger logger, Exception exception, JobId jobId);
    }
}
