using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>Drops the artifacts of jobs that were cancelled: nobody reads them, and whoever cancels wants the room.</summary>
internal sealed class CancelledArtifacts(ArtifactFolders folders, StoreMark mark, IJobStore jobs) : ICancelledArtifacts
{
    public async Task Drop(JobId job, CancellationToken cancellationToken)
    {
        if (await mark.FindFault(cancellationToken) is null)
        {
            await Task.Run(
                () => folders.DropCancelled(
                    job, async () => await jobs.Find(job, cancellationToken) is { State.Phase: JobPhase.Cancelled }),
                cancellationToken);
        }
    }
}
