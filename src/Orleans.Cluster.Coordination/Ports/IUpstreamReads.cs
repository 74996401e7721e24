using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to what partitions are and have written.</summary>
internal interface IUpstreamReads
{
    /// <summary>Partitions of a job in order of stage and <see cref="PartitionRecord.Order"/>; of one stage when given.</summary>
    Task<IReadOnlyList<PartitionRecord>> List(JobId job, int? stage, CancellationToken cancellationToken);

    /// <summary>Some partitions of a stage, in the same order.</summary>
    Task<IReadOnlyList<PartitionRecord>> ListSome(
        JobId job, int stage, IReadOnlyCollection<int> partitions, CancellationToken cancellationToken);

    /// <summary>
    /// Attempt and state of each partition of a stage: by these a reader tells which of them have changed, without their
    /// manifests.
    /// </summary>
    Task<IReadOnlyList<PartitionVersion>> ListVersions(JobId job, int stage, CancellationToken cancellationToken);
}

/// <summary>A partition's newest attempt and its state.</summary>
internal sealed record PartitionVersion(int Partition, int Attempt, PartitionState State);
