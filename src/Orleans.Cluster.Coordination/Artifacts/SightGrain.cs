using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Orleans.Cluster.Coordination.Artifacts;

/// <inheritdoc cref="ISightGrain"/>
[Reentrant, Immovable]
internal sealed class SightGrain(ICheckpointStore checkpoints, IArtifactSight sight, ILocalSiloDetails silo) : Grain, ISightGrain
{
    public async Task<ArtifactSeen> Look(AttemptId producer)
    {
        // Placed elsewhere than asked, it would be nobody's second look.
        if (this.GetPrimaryKeyString() != GrainKeys.Sight(silo.SiloAddress) || sight.FindFault() is not null)
        {
            return ArtifactSeen.Unknown;
        }

        return await checkpoints.Find(producer.Task, CancellationToken.None) is { State: PartitionState.Committed } partition
            && partition.Attempt == producer.Number
            ? await sight.Look(partition, CancellationToken.None)
            : ArtifactSeen.Unknown;
    }
}
