using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>A committed artifact is gone, or is not what was committed. Its partition has to run again.</summary>
internal sealed class ArtifactLostException(AttemptId producer, string message) : Exception(message)
{
    /// <summary>The attempt that committed it.</summary>
    public AttemptId Producer { get; } = producer;
}
