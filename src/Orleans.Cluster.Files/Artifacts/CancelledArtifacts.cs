using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>Drops the artifacts of jobs that were cancelled: nobody reads them, and whoever cancels wants the room.</summary>
internal sealed class CancelledArtifacts(IArtifactFiles artifacts, StoreMark mark, IJobStore jobs) : ICancelledArtifacts
{
    public async Task Drop(JobId job, CancellationToken cancellationToken)
    {
        if (await mark.FindFault(cancellationToken) is null)
        {
            await Task.Run(
                () => Drop(
                    artifacts, job, async () => await jobs.Find(job, cancellationToken) is { State.Phase: JobPhase.Cancelled },
                    cancellationToken),
                cancellationToken);
        }
    }

    /// <summary>
    /// Removes the attempts of a job that was cancelled. They are listed first and the job is looked at then: a retry numbers its
    /// attempts on and writes theirs after it is stored, so that none of them is on the list.
    /// </summary>
    /// <param name="artifacts">Where they are.</param>
    /// <param name="job">The job.</param>
    /// <param name="isCancelled">Whether it is so still.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task Drop(
        IArtifactFiles artifacts, JobId job, Func<Task<bool>> isCancelled, CancellationToken cancellationToken)
    {
        var present = await artifacts.ListAttempts(job, cancellationToken);
        if (present.Count > 0 && await isCancelled())
        {
            foreach (var folder in present)
            {
                await artifacts.Delete(folder, cancellationToken);
            }
        }
    }
}
