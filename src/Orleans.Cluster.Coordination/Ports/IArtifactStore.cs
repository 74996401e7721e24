using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>What jobs keep between stages.</summary>
internal interface IArtifactStore
{
    /// <summary>Removes all artifacts of a job. Nothing happens when it has none.</summary>
    void Delete(JobId job);
}
