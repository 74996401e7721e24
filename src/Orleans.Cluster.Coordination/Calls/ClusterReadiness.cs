using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>When a cluster is ready for jobs.</summary>
internal static class ClusterReadiness
{
    /// <summary>Whether as many workers as are wanted have reported. A cluster that was stopped wants none.</summary>
    public static bool HasItsWorkers(this ClusterStatus cluster) =>
        cluster.IsAttended && cluster.ActiveWorkers >= cluster.DesiredWorkers;
}
