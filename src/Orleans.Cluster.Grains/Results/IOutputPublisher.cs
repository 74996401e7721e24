using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Plans;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Grains.Results;

/// <summary>Makes a job's output visible, once. Doing it again, from anywhere, ends in the same files.</summary>
internal interface IOutputPublisher
{
    /// <summary>Publishes the files of the last stage's committed partitions, given in order.</summary>
    /// <exception cref="ClusterException"><c>output-exists</c>, or another reason why the output cannot be there.</exception>
    /// <exception cref="IOException">Not now; worth trying again.</exception>
    Task<JobResult> Publish(JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, CancellationToken cancellationToken);
}
