using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// From a spec to a plan: resolve paths, probe, cut, align, plan the query. Reads files through the planning engine only.
/// </summary>
internal interface IJobPlanning
{
    /// <summary>The plan of a job.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="wider">Types that values proved guesses too narrow for; with any, no type is a guess any more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ClusterException">422 with every fault that the data shows, each with its JSON pointer.</exception>
    Task<JobPlan> Plan(JobSpec spec, IReadOnlyList<WiderType> wider, CancellationToken cancellationToken);

    /// <summary>Schema and partitions of one source, as <see cref="Plan"/> would use them.</summary>
    /// <exception cref="ClusterException">As above.</exception>
    Task<(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings)> PlanDataset(
        SourceSpec source, PartitioningSpec partitioning, CancellationToken cancellationToken);
}
