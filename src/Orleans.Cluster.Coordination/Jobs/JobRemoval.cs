using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>Removes jobs that have ended, with what they left.</summary>
internal sealed partial class JobRemoval(
    IJobStore jobs, IArtifactStore artifacts, IOutputPublisher publisher, ILogger<JobRemoval> logger)
{
    /// <summary>Removes a job that has ended; its result stays for the jobs that read it.</summary>
    /// <exception cref="ClusterException"><c>result-not-ready</c>: it has not ended.</exception>
    public async Task Remove(JobRecord job, CancellationToken cancellationToken)
    {
        var id = job.State.Id;
        if (job.State.Phase is JobPhase.Failed or JobPhase.Cancelled)
        {
            await Clear(job, cancellationToken);
        }

        if (!job.State.Phase.IsTerminal() || !await jobs.Delete(id, cancellationToken))
        {
            throw new ClusterException(Contracts.ProblemCode.ResultNotReady, $"Job {id} has not ended. Cancel it first.");
        }

        // A job that reads the result holds it: the janitor removes the files after the last of them.
        if (!(await jobs.ListDependencies(cancellationToken)).Contains(id))
        {
            await artifacts.Delete(id, cancellationToken);
        }
    }

    // A folder that cannot be reached must not keep a job from being deleted; what is left there is hidden.
    private async Task Clear(JobRecord job, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.Clear(job, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotCleared(logger, job.State.Id, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 113, Level = LogLevel.Warning,
            Message = "Job {JobId} is deleted, but what it left in its output folder could not be removed: {Message}")]
        public static partial void NotCleared(ILogger logger, JobId jobId, string message);
    }
}
