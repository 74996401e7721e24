using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Finds the halves of partitions that ran out of memory or disk.</summary>
internal interface IPartitionSplitter
{
    /// <summary>Halves by partition, of those that were too large and can be halved.</summary>
    Task<IReadOnlyDictionary<TaskId, IReadOnlyList<PartitionWork>>> Find(
        JobPlan plan, IReadOnlyList<PartitionRecord> failed, IReadOnlyList<FileStamp> accepted,
        CancellationToken cancellationToken);
}
