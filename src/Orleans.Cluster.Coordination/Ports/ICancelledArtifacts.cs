using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to what jobs that were cancelled leave in the artifact store.</summary>
internal interface ICancelledArtifacts
{
    /// <summary>
    /// Removes what a cancelled job has there, at once. Nothing happens when it is not cancelled any more, or the store is not
    /// this cluster's.
    /// </summary>
    /// <exception cref="IOException">The store does not let go of it; the janitor tries again.</exception>
    Task Drop(JobId job, CancellationToken cancellationToken);
}
