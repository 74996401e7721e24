using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to what is in an output folder.</summary>
internal interface IOutputOwners
{
    /// <summary>Jobs whose output is there, by the names of their manifests.</summary>
    /// <exception cref="ClusterException"><c>path-not-allowed</c>.</exception>
    /// <exception cref="StorageUnavailableException">It cannot be looked at.</exception>
    Task<IReadOnlyList<JobId>> ListJobs(OutputSpec output, CancellationToken cancellationToken);
}
